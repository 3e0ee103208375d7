/** What the CLI says of paths. Pure: text out of the local API's answer. */
import type { PathAnswer, PathsAnswer } from '../model/local-api-path.ts'
import { durationText, rateText, table } from './text.ts'

const head = [
  ...['PEER', 'UPLINK', 'ENDPOINT', 'THERE', 'STATE', 'FOR', 'RTT', 'P50/P95/P99'],
  ...['LOSS IN/OUT', 'LATE IN/OUT', 'JITTER IN/OUT', 'MTU', 'IN', 'OUT', 'FAILED', ''],
]

/** A table, and a line for each path that is not up: why. */
export function pathsText({ peers }: PathsAnswer): string {
  if (peers.length === 0) return 'no peer is configured\n'
  const rows = peers.flatMap(({ peer, paths }) => paths.map((path) => [peer, ...cellsOf(path)]))
  const lonely = peers.filter(({ paths }) => paths.length === 0)
  const faults = peers.flatMap(({ peer, paths }) =>
    paths.flatMap(({ uplink, endpoint, explanation }) =>
      explanation === null ? [] : [`${peer} by ${uplink} to ${endpoint}: ${explanation}`],
    ),
  )
  const lines = [...lonely.map(({ peer }) => `${peer}: no path is known`), ...faults]
  return [table(head, rows), lines.map((line) => `${line}\n`).join('')]
    .filter((part) => part !== '')
    .join('\n')
}

function cellsOf(path: PathAnswer): string[] {
  const { rx, tx, throughput, mtuBytes } = path
  const { rttP50Seconds, rttP95Seconds, rttP99Seconds } = path
  return [
    path.uplink,
    path.endpoint,
    path.remoteUplink === null ? '–' : String(path.remoteUplink),
    path.state,
    durationText(path.stateSeconds),
    figures([path.rttSeconds], ms),
    figures([rttP50Seconds, rttP95Seconds, rttP99Seconds], ms),
    figures([rx.lossRatio, tx.lossRatio], percent),
    figures([rx.lateRatio, tx.lateRatio], percent),
    figures([rx.jitterSeconds, tx.jitterSeconds], ms),
    mtuBytes === null ? '–' : String(mtuBytes),
    rateText(throughput, 'rxBitsPerSecond'),
    rateText(throughput, 'txBitsPerSecond'),
    String(path.failures),
    marksOf(path),
  ]
}

function marksOf({ isBest, isMetered, isBackup, isLearned }: PathAnswer): string {
  const marks = { best: isBest, metered: isMetered, backup: isBackup, learned: isLearned }
  return Object.entries(marks)
    .filter(([, isSo]) => isSo)
    .map(([mark]) => mark)
    .join(', ')
}

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

/** `0.12/0 %`, or `–` where nothing is known. */
function figures(values: readonly (number | null)[], { name, textOf }: Unit): string {
  if (values.every((value) => value === null)) return '–'
  return `${values.map((value) => (value === null ? '–' : textOf(value))).join('/')} ${name}`
}
