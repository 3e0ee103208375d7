/**
 * Arguments for iperf3, at both ends, and the reading of what it says. As text: Debian 12 has iperf 3.12, which says nothing as JSON
 * before it is done. The programs are nobody's, give way to all others, and end with the gateway, however that ends.
 */
import type { Family } from '../../model/address.ts'

/** Not iperf3's own, at which a box's owner may have one of theirs. */
export const speedPort = 5210
/** CS1 (RFC 8622 §2): the lowest class, so that calls go first. The far end marks what it sends alike. */
const dscp = '8'
const nobody = 65_534
const connectMs = 3_000

const lowly: readonly string[] = [
  ...['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--no-new-privs'],
  ...['--pdeathsig=KILL', 'nice', '-n', '19', 'iperf3'],
]

export interface IperfPlace {
  readonly family: Family
  /** Of this box. */
  readonly own: string
  readonly port: number
}

export function serverArguments({ family, own, port }: IperfPlace): readonly string[] {
  return [...lowly, '-s', `-${family}`, '-B', own, '-p', String(port), '--forceflush']
}

export interface IperfTransfer extends IperfPlace {
  readonly to: string
  readonly seconds: number
  /** The far end sends. */
  readonly isBack: boolean
}

export function clientArguments(transfer: IperfTransfer): readonly string[] {
  const { family, own, port, to, seconds, isBack } = transfer
  return [
    ...[...lowly, '-c', to, `-${family}`, '-B', own, '-p', String(port)],
    ...['-t', String(seconds), '-i', '1', '-f', 'k', '--forceflush'],
    ...['--dscp', dscp, '--connect-timeout', String(connectMs)],
    ...(isBack ? ['-R'] : []),
  ]
}

/** Between the client's start and its end. */
export function transferMs({ seconds }: Pick<IperfTransfer, 'seconds'>): number {
  return seconds * 1_000 + connectMs + 4_000
}

export type IperfWord =
  | { readonly kind: 'listening' }
  /** Of the second that ended so long after the beginning. */
  | { readonly kind: 'second'; readonly second: number; readonly bps: number }
  /** `resent`: TCP segments; null: it does not say. */
  | {
      readonly kind: 'total'
      readonly by: 'sender' | 'receiver'
      readonly bps: number
      readonly resent: number | null
    }
  | { readonly kind: 'error'; readonly why: string }

/** Null: nothing that matters. */
export function readIperf(line: string): IperfWord | null {
  if (/^Server listening on /.test(line)) return { kind: 'listening' }
  const error = /^iperf3: (?:error|interrupt) - (.+)$/.exec(line)
  if (error !== null) return { kind: 'error', why: error[1]! }
  const told =
    /^\[ *\d+\] +([\d.]+)-([\d.]+) +sec .*? ([\d.]+(?:e\+\d+)?) Kbits\/sec(?: +(\d+)\b)?(.*)$/.exec(
      line,
    )
  if (told === null) return null
  const [, from, to, kbits, resent, rest = ''] = told
  const bps = Number(kbits) * 1_000
  const by = /\b(sender|receiver)\s*$/.exec(rest)?.[1] as 'sender' | 'receiver' | undefined
  if (by !== undefined)
    return { kind: 'total', by, bps, resent: resent === undefined ? null : Number(resent) }
  // What is left over at the end is no second.
  const isWhole = Number(to) - Number(from) > 0.5
  return isWhole ? { kind: 'second', second: Math.round(Number(to)), bps } : null
}

/**
 * How the client says that the server has another test under way, or is not done with the one before: it listens anew for each, and
 * who is called between two of them is refused or let go before anything was sent.
 */
export function isBusy(said: string): boolean {
  return busyWords.some((words) => said.includes(words))
}

const busyWords = [
  'the server is busy running a test',
  'unable to receive control message: Connection reset by peer',
  'unable to connect to server: Connection refused',
  'control socket has closed unexpectedly',
]

/** How setpriv and nice say that there is no such program. */
export function isAbsent(code: number | null): boolean {
  return code === 126 || code === 127
}

/** `18.9 Mbit/s` */
export function speedText(bps: number): string {
  const [size, unit] =
    bps >= 999.5e6 ? [1e9, 'Gbit/s'] : bps >= 999.5e3 ? [1e6, 'Mbit/s'] : [1e3, 'kbit/s']
  const value = bps / size
  return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${unit}`
}
