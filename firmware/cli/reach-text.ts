/** What the CLI says of how peers are reached. Pure: text out of the local API's answers. */
import type { ChannelState, PeerReach } from '../model/local-api-reach.ts'
import { durationText } from './duration.ts'

/** `relay hub-1`, or the uplink. */
export function byText(uplink: string | null, { how, relay }: PeerReach): string {
  return how === 'relayed' ? `relay ${relay ?? '–'}` : (uplink ?? '–')
}

/** A line for each peer of which there is something to say: who relays and why, or why nobody does. */
export function reachLines(
  peers: readonly { readonly name: string; readonly reach: PeerReach }[],
): string[] {
  return peers.flatMap(({ name, reach }) => {
    const text = reachText(reach)
    return text === null ? [] : [`${name} ${text}\n`]
  })
}

/** Completes a sentence that begins with the peer's name; null: nothing is out of the ordinary. */
function reachText({
  how,
  relay,
  seconds,
  explanation,
  nextTrySeconds,
  channels,
}: PeerReach): string | null {
  if (how === 'relayed') {
    const next =
      nextTrySeconds === null ? '' : `; next try in ${durationText(Math.max(1, nextTrySeconds))}`
    const through = `through relay ${relay ?? '–'} for ${durationText(seconds)}`
    return `is reached ${through}: ${explanation ?? '–'}${next}`
  }
  const vain = channels.filter(({ state }) => state !== 'open')
  if (how === 'direct' || vain.length === 0) return null
  const texts = vain.map(({ relay: name, state }) => channelTexts[state](name))
  return `is not reached: ${texts.join('; ')}`
}

const channelTexts: Readonly<Record<ChannelState, (relay: string) => string>> = {
  open: (relay) => `${relay} relays to it`,
  asked: (relay) => `${relay} was asked to relay and has not answered yet`,
  refused: (relay) => `${relay} does not relay to it`,
  absent: (relay) => `${relay} could relay, and has no session with it`,
  full: (relay) => `${relay} relays as much as it may`,
  'no-session': (relay) => `there is no session with ${relay}, which could relay`,
}
