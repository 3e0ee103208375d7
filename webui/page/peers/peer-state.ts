/** Says how a peer is, in a word and a sentence, and what to do. Pure. */
import type { PeerStatus } from '../../../firmware/model/local-api.ts'
import { relayedReasons, relayedRemedies } from '../../../firmware/model/relayed-reason.ts'
import type { Tone } from '../../part/tone.ts'
import { peersText } from '../../text/en-peers.ts'
import { sentence } from '../../text/format.ts'

export interface PeerState {
  readonly tone: Tone
  readonly word: string
  readonly sentence: string
  /** Why it is not as good as it could be; null: it is. */
  readonly why: string | null
  readonly remedy: string | null
}

const { states, sentences } = peersText

export function peerState(peer: PeerStatus): PeerState {
  const { state, reach, lastHeardSeconds } = peer
  const word = states[state]
  const plain = { word, why: null, remedy: null }
  switch (state) {
    case 'connecting':
      return { ...plain, tone: 'idle', sentence: sentences.connecting }
    case 'down': {
      const text = lastHeardSeconds === null ? sentences.never : sentences.down(lastHeardSeconds)
      return { ...plain, tone: 'bad', sentence: text, remedy: peersText.downRemedy }
    }
    case 'unreached':
      return { ...plain, tone: 'bad', sentence: sentences.unreached, remedy: peersText.downRemedy }
    case 'up':
      if (reach.how !== 'relayed') {
        return { ...plain, tone: 'good', sentence: sentences.direct(reach.seconds) }
      }
      return { ...relayed(peer), tone: 'warn', word: states.relayed }
  }
}

function relayed({ reach }: PeerStatus): Omit<PeerState, 'tone' | 'word'> {
  const { relay, seconds, reason, explanation } = reach
  const why = explanation ?? (reason === null ? null : relayedReasons[reason])
  return {
    sentence: sentences.relayed(relay ?? '', seconds),
    why: why === null ? null : sentence(why),
    remedy: reason === null ? null : relayedRemedies[reason],
  }
}

/** How it is reached, in few words. */
export function reachText({ state, reach, uplink }: PeerStatus): string {
  if (state !== 'up' || uplink === null) return peersText.reached.none
  if (reach.how === 'relayed') return peersText.reached.relayed(reach.relay ?? '', uplink)
  return peersText.reached.direct(uplink)
}

/** What matters most first. */
const rank: Readonly<Record<PeerStatus['state'], number>> = {
  ...{ down: 0, unreached: 1, connecting: 2, up: 3 },
}

/** @param wanted part of a name; '': all */
export function sortedPeers(peers: readonly PeerStatus[], wanted: string): PeerStatus[] {
  const needle = wanted.trim().toLowerCase()
  return peers
    .filter(({ name }) => name.toLowerCase().includes(needle))
    .toSorted((one, other) => rank[one.state] - rank[other.state])
}
