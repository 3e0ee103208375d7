/** What the CLI says of paths. Pure: text out of the local API's answer. */
import type { PathAnswer, PathsAnswer } from '../model/local-api-path.ts'
import { durationText } from './duration.ts'
import { reachLines, wayText } from './reach-text.ts'
import { table } from './table.ts'
import { rateText } from './text.ts'

interface Unit {
  readonly name: string
  readonly textOf: (value: number) => string
}

const percent: Unit = {
  name: '%',
  textOf: (ratio) => (ratio === 0 ? '0' : (ratio * 100).toFixed(2)),
}

const ms: Unit = {
  name: 'ms',
  textOf: (seconds) => (seconds * 1000).toFixed(seconds < 0.01 ? 2 : seconds < 0.1 ? 1 : 0),
}

interface Column {
  readonly head: string
  /** For whoever has room for it. */
  readonly isWide?: true
  readonly textOf: (path: PathAnswer, peer: string) => string
}

const columns: readonly Column[] = [
  { head: '', textOf: ({ isBest }) => (isBest ? 'best' : '') },
  { head: 'PEER', textOf: (_, peer) => peer },
  { head: 'UPLINK', textOf: ({ uplink }) => uplink },
  { head: 'ENDPOINT', textOf: ({ endpoint }) => endpoint },
  { head: 'THERE', isWide: true, textOf: ({ remoteUplink }) => String(remoteUplink ?? '–') },
  { head: 'STATE', textOf: ({ state }) => state },
  { head: 'FOR', textOf: ({ stateSeconds }) => durationText(stateSeconds) },
  { head: 'RTT', textOf: measured(({ rttSeconds }) => [rttSeconds], ms) },
  {
    ...{ head: 'P50/P95/P99', isWide: true },
    textOf: measured((path) => [path.rttP50Seconds, path.rttP95Seconds, path.rttP99Seconds], ms),
  },
  { head: 'LOSS IN/OUT', textOf: measured(({ rx, tx }) => [rx.lossRatio, tx.lossRatio], percent) },
  {
    ...{ head: 'LATE IN/OUT', isWide: true },
    textOf: measured(({ rx, tx }) => [rx.lateRatio, tx.lateRatio], percent),
  },
  {
    head: 'JITTER IN/OUT',
    textOf: measured(({ rx, tx }) => [rx.jitterSeconds, tx.jitterSeconds], ms),
  },
  { head: 'MTU', isWide: true, textOf: ({ mtuBytes }) => String(mtuBytes ?? '–') },
  { head: 'IN', textOf: ({ throughput }) => rateText(throughput, 'rxBitsPerSecond') },
  { head: 'OUT', textOf: ({ throughput }) => rateText(throughput, 'txBitsPerSecond') },
  { head: 'FAILED', textOf: ({ failures }) => String(failures) },
  { head: 'NOTES', textOf: marksOf },
]

/** A table, and a line for each path that is not up: why. */
export function pathsText(
  { peers }: PathsAnswer,
  { isWide }: { readonly isWide: boolean },
): string {
  if (peers.length === 0) return 'no peer is configured\n'
  const shown = columns.filter((column) => isWide || column.isWide !== true)
  const rows = peers.flatMap(({ peer, paths }) =>
    paths.map((path) => shown.map(({ textOf }) => textOf(path, peer))),
  )
  const lonely = peers.filter(({ paths }) => paths.length === 0)
  const faults = peers.flatMap(({ peer, paths }) =>
    paths.flatMap(({ uplink, endpoint, explanation }) =>
      explanation === null ? [] : [`${peer} by ${wayText({ uplink, endpoint })}: ${explanation}`],
    ),
  )
  const reached = reachLines(peers.map(({ peer, reach }) => ({ name: peer, reach })))
  const lines = [...lonely.map(({ peer }) => `${peer}: no path is known`), ...faults]
  const heads = shown.map(({ head }) => head)
  return [table(heads, rows), [...reached, ...lines.map((line) => `${line}\n`)].join('')]
    .filter((part) => part !== '')
    .join('\n')
}

/** What was measured of a path is history while it is down. */
function measured(of: (path: PathAnswer) => readonly (number | null)[], unit: Unit) {
  return (path: PathAnswer): string => (path.state === 'down' ? '–' : figures(of(path), unit))
}

function marksOf({ isMetered, isBackup, isLearned }: PathAnswer): string {
  const marks = { metered: isMetered, backup: isBackup, learned: isLearned }
  return Object.entries(marks)
    .filter(([, isSo]) => isSo)
    .map(([mark]) => mark)
    .join(', ')
}

/** `0.12/0 %`, or `–` where nothing is known. */
function figures(values: readonly (number | null)[], { name, textOf }: Unit): string {
  if (values.every((value) => value === null)) return '–'
  return `${values.map((value) => (value === null ? '–' : textOf(value))).join('/')} ${name}`
}
