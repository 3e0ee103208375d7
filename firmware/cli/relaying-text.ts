/** What the CLI says of a box as a relay. Pure: text out of the local API's answers. */
import type { RelayedTraffic, Relaying } from '../model/local-api-relaying.ts'
import { isLimited } from '../plan/relaying.ts'
import { durationText } from './duration.ts'
import { bitsText, bytesText, table } from './table.ts'

/** A pair has two lines; more of them are for machines. */
const mostShown = 12

/** '' where it relays nothing. */
export function relayingText(relaying: Relaying | null): string {
  if (relaying === null) return ''
  const { pairCount, pairs, rateBitsPerSecond } = relaying
  const rate = `at most ${bitsText(rateBitsPerSecond)} each way`
  if (pairCount === 0) return `relays for nobody now (${rate})\n`
  const limited = pairs.filter(isLimited).length
  const who = `relays for ${pairCount} ${pairCount === 1 ? 'pair' : 'pairs'} of peers, ${rate}`
  const what = limited === 0 ? '' : `; ${limited} would send more, and packets of it are dropped`
  const rows = pairs
    .slice(0, mostShown)
    .flatMap(({ peers, seconds, traffic }) =>
      traffic.map((way) => [
        way.from,
        peers.find((name) => name !== way.from) ?? '–',
        durationText(seconds),
        way.bitsPerSecond === null ? '–' : bitsText(way.bitsPerSecond),
        bytesText(way.bytes),
        limitedText(way),
      ]),
    )
  const more = pairCount - Math.min(pairs.length, mostShown)
  const rest = more > 0 ? `and ${more} more (--json has ${pairs.length})\n` : ''
  const head = ['RELAYED FROM', 'TO', 'FOR', 'NOW', 'SO FAR', 'DROPPED BY THE RATE']
  return `${who}${what}\n${table(head, rows)}${rest}`
}

function limitedText({ limitedPackets, limitedBytes, isLimited: isNow }: RelayedTraffic): string {
  if (limitedPackets === 0) return '–'
  return `${bytesText(limitedBytes)}${isNow ? ', now' : ''}`
}
