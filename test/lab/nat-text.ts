/** How pairs of branches reach each other, as text: a table for a terminal, a line for each change for a pipe. Pure. */
import type { NatLook, PairEnd, PairLook } from './nat-pairs.ts'
import { align } from './table.ts'

const none = '–'

/** What stands before each branch; how each pair is reached, and below it why not directly. */
export function natPicture({ pairs, nats }: NatLook): string {
  const before = [...nats].map(([site, readings]) => {
    return [site, readings.map(({ explanation }) => explanation).join('; ') || none]
  })
  const rows = pairs.map((pair) => [
    pairName(pair),
    wayText(pair),
    secondsText(pair.firstSeconds),
    secondsText(pair.directSeconds),
    pair.rttMs === null ? none : `${pair.rttMs.toFixed(1)} ms`,
  ])
  const head = ['pair', 'now', 'first packet', 'direct', 'last ping']
  const table = align([head, ...rows], [0, 1])
  const whys = pairs.flatMap(whyLines)
  return [align(before, [0, 1]), table, whys.join('\n')].filter((part) => part !== '').join('\n\n')
}

/** What was told of each pair last. */
export type Told = ReadonlyMap<string, { readonly way: string; readonly why: string | null }>

/** `home – lte: direct`: a line for each pair that is reached otherwise than was told, or for another reason. Each try is no news. */
export function pairNews({ pairs }: NatLook, told: Told): { lines: string[]; told: Told } {
  const lines: string[] = []
  const now = pairs.map((pair) => {
    const name = pairName(pair)
    const before = told.get(name)
    const [way, why] = [wayText(pair), whyText(pair)]
    const isTrying = pair.ends.some(({ reach }) => reach?.reason === 'trying')
    if (before?.way === way && (isTrying || before.why === why)) return [name, before] as const
    lines.push(`${name}: ${way}${why === null ? '' : `, ${why}`}`)
    return [name, { way, why }] as const
  })
  return { lines, told: new Map(now) }
}

export function pairName({ ends: [one, other] }: PairLook): string {
  return `${one.site} – ${other.site}`
}

/** How the two ends reach each other: once, where they say the same. */
export function wayText({ ends }: PairLook): string {
  const ways = new Set(ends.map(({ reach }) => wayOf(reach)))
  return [...ways].join(' / ')
}

function wayOf(reach: PairEnd['reach']): string {
  if (reach === null) return 'gateway does not answer'
  if (reach.how === 'relayed') return `by relay ${reach.relay ?? none}`
  return reach.how === 'direct' ? 'direct' : 'not reached'
}

/** Why the relay, and when a direct way is looked for again; null: it is direct, or not known. */
function whyText({ ends }: PairLook): string | null {
  const relayed = ends.filter(({ reach }) => reach?.how === 'relayed')
  // Of what stands before an end that end itself tells best.
  const own = relayed.filter(({ reach }) => reach?.reason?.startsWith('peer-') !== true)
  const told = own.length > 0 ? own : relayed
  if (told.length === 0) return null
  const reasons = told.map(({ site, reach }) => ({ site, text: reach!.explanation ?? none }))
  const [first, second] = reasons
  if (first!.text === second?.text) return first!.text
  return reasons.map(({ site, text }) => `${site} says: ${text}`).join('; ')
}

function whyLines(pair: PairLook): string[] {
  const why = whyText(pair)
  if (why === null) return []
  const next = pair.ends.map(({ reach }) => reach?.nextTrySeconds ?? Number.POSITIVE_INFINITY)
  const soonest = Math.min(...next)
  const when = Number.isFinite(soonest) ? `; next try in ${Math.max(1, Math.round(soonest))} s` : ''
  return [`${pairName(pair)}: ${why}${when}`]
}

function secondsText(seconds: number | null): string {
  return seconds === null ? none : `${seconds.toFixed(2)} s`
}
