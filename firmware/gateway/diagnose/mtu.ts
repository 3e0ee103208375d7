/**
 * What a way takes whole: to a peer the datapath knows it, path by path (RFC 8899); to any address it is searched for with
 * pings that nobody may cut (RFC 1191, RFC 8201).
 */
import type { Family } from '../../model/address.ts'
import type { MtuRequest } from '../../model/local-api-diagnose.ts'
import { followPing, type PingWord, payloadOf } from './ping.ts'
import {
  configOf,
  destinationOf,
  namedOf,
  originOf,
  pingSource,
  refuse,
  type Surroundings,
} from './place.ts'
import type { Work } from './runs.ts'

/** Ethernet's, from which a search begins, and what any way must take (RFC 791, RFC 8200). */
const mostBytes = 1500
const leastBytes: Readonly<Record<Family, number>> = { 4: 68, 6: 1280 }
/** Small enough for any way that is worth the name. */
const smallBytes: Readonly<Record<Family, number>> = { 4: 576, 6: 1280 }
const mostTries = 16

/** @throws API_INVALID, API_NOT_READY before it begins */
export function mtuWork(request: MtuRequest, around: Surroundings): Work {
  const { peer, to, family } = request
  if ((peer === undefined) === (to === undefined)) refuse('', 'takes one of to and peer')
  const config = configOf(around)
  if (peer !== undefined) {
    namedOf('peer', peer, config.peers)
    return async (tell) => tellPeer(tell, peer, around)
  }
  const origin = originOf(request, config)
  return async (tell, signal) => {
    const destination = await destinationOf(to!, family, around, signal)
    const source = pingSource(origin, destination.family)
    const search = searchOf(destination.family)
    for (let bytes = search.next(); bytes !== null && !signal.aborted; bytes = search.next()) {
      const word = await trySize(bytes, { ...destination, source }, around, signal)
      if (signal.aborted) return
      search.take(bytes, word)
      tell.step({ ...told(bytes, word), number: bytes })
    }
    if (signal.aborted) return
    const found = search.found
    if (found === null)
      tell.conclude('bad', `${destination.text} does not answer, not even what is small.`)
    else
      tell.conclude(
        'good',
        `The way to ${destination.text} takes packets of up to ${found} bytes whole.`,
      )
  }
}

export type SizeWord =
  | { readonly kind: 'passes' }
  /** Null: lost, whyever. */
  | { readonly kind: 'too large'; readonly mtuBytes: number | null; readonly by: string | null }

/** Halves what is open, and believes whoever names a size, as far as that lies within. Small first: who answers nothing is told at once. */
export function searchOf(family: Family): {
  next(): number | null
  take(bytes: number, word: SizeWord): void
  readonly found: number | null
} {
  let low: number | null = null
  let high = mostBytes + 1
  let hint: number | null = mostBytes
  let tries = 0
  return {
    next: () => {
      if (tries >= mostTries) return null
      if (low === null) return tries === 0 ? smallBytes[family] : null
      if (high - low <= 1) return null
      if (hint !== null && hint > low && hint < high) return hint
      // The size that was named passes: one more says whether it is the largest.
      if (hint === low) return low + 1
      return Math.min(low + Math.ceil((high - low) / 2), high - 1)
    },
    take: (bytes, word) => {
      tries++
      if (word.kind === 'passes') {
        low = Math.max(low ?? 0, bytes)
        return
      }
      high = Math.min(high, bytes)
      hint = null
      if (word.mtuBytes !== null && word.mtuBytes >= leastBytes[family]) hint = word.mtuBytes
    },
    get found() {
      return low
    },
  }
}

async function trySize(
  bytes: number,
  to: { readonly address: string; readonly family: Family; readonly source: readonly string[] },
  around: Surroundings,
  signal: AbortSignal,
): Promise<SizeWord> {
  const { address, family, source } = to
  const words: PingWord[] = []
  const ping = {
    address,
    source,
    count: 2,
    bytes: payloadOf(bytes, family),
    intervalSeconds: 0.3,
    isWhole: true,
  }
  await followPing(around, ping, signal, (word) => words.push(word))
  if (words.some(({ kind }) => kind === 'answer')) return { kind: 'passes' }
  const named = words.find((word) => 'mtuBytes' in word && word.mtuBytes !== null)
  const from = words.find((word) => word.kind === 'refused')?.from ?? null
  const mtuBytes = named !== undefined && 'mtuBytes' in named ? named.mtuBytes : null
  const isLocal = named?.kind === 'unsent'
  return { kind: 'too large', mtuBytes, by: isLocal ? 'this box' : from }
}

function told(bytes: number, word: SizeWord): { verdict: 'good' | 'info'; sentence: string } {
  if (word.kind === 'passes') return { verdict: 'good', sentence: `${bytes} bytes pass` }
  const { mtuBytes, by } = word
  if (by === null) return { verdict: 'info', sentence: `${bytes} bytes are not answered` }
  const takes = mtuBytes === null ? '' : `, which takes ${mtuBytes}`
  return { verdict: 'info', sentence: `${bytes} bytes are too large for ${by}${takes}` }
}

function tellPeer(tell: Parameters<Work>[0], peer: string, around: Surroundings): void {
  const found = around.paths().peers.find((one) => one.peer === peer)
  const paths = found?.paths ?? []
  for (const { uplink, endpoint, mtuBytes, state, isBest } of paths) {
    const way = `${uplink} to ${endpoint}${isBest ? ', the best now' : ''}`
    const sentence = mtuBytes === null ? `${way}: not known yet` : `${way}: ${mtuBytes} bytes`
    tell.step({ verdict: state === 'up' ? 'good' : 'unknown', number: mtuBytes, sentence })
  }
  const sizes = paths
    .filter(({ state }) => state === 'up')
    .flatMap(({ mtuBytes }) => mtuBytes ?? [])
  if (sizes.length === 0)
    tell.conclude('unknown', `No path to ${peer} is up, so its size is not known.`)
  else {
    const least = Math.min(...sizes)
    tell.conclude(
      'good',
      `Every path to ${peer} that is up takes packets of up to ${least} bytes whole.`,
    )
  }
}
