/** Traceroute: arguments for Debian's traceroute and the reading of its hops. */
import { byLine } from '../../host/system/follow.ts'
import type { RunStep, TraceRequest } from '../../model/local-api-diagnose.ts'
import { msText } from './ping.ts'
import { configOf, destinationOf, originOf, type Surroundings, traceSource } from './place.ts'
import type { Work } from './runs.ts'

const usualHops = 20
const waitSeconds = 1
/** Of one distance; so that one that is lost is no star. */
const probes = 2
/** So many are under way at once. */
const atOnce = 4

export interface Trace {
  readonly address: string
  readonly hops: number
  readonly by: 'icmp' | 'udp'
  readonly source: readonly string[]
}

export function traceArguments({ address, hops, by, source }: Trace): readonly string[] {
  return [
    ...['traceroute', '-n', '-m', String(hops), '-q', String(probes)],
    ...['-w', String(waitSeconds), '-N', String(atOnce)],
    ...(by === 'icmp' ? ['-I'] : []),
    ...source,
    ...['--', address],
  ]
}

export interface Hop {
  readonly number: number
  /** Null: nobody answered. */
  readonly address: string | null
  readonly seconds: number | null
  /** `!N`, `!H`, `!X` … (traceroute(8)); null: none. */
  readonly mark: string | null
}

/** Null: no hop. */
export function readHop(line: string): Hop | null {
  const [, number, rest = ''] = /^ ?(\d{1,3}) {2}(.+)$/.exec(line) ?? []
  if (number === undefined) return null
  const [, address] = /(?:^|\s)([0-9a-f]*[.:][0-9a-f.:]+)(?:%\S+)?(?=\s)/.exec(`${rest} `) ?? []
  const [, ms] = /([\d.]+) ms/.exec(rest) ?? []
  const [, mark] = /(![A-Z<]?[\d>]*)/.exec(rest) ?? []
  return {
    number: Number(number),
    address: address ?? null,
    seconds: ms === undefined ? null : Number(ms) / 1000,
    mark: mark ?? null,
  }
}

const markTexts: Readonly<Record<string, string>> = {
  '!H': 'host unreachable',
  '!N': 'network unreachable',
  '!P': 'protocol unreachable',
  '!X': 'forbidden by an administrator',
  '!F': 'too large for the way on',
}

/** @throws API_INVALID, API_NOT_READY before it begins */
export function traceWork(request: TraceRequest, around: Surroundings): Work {
  const origin = originOf(request, configOf(around))
  const { to, family, hops = usualHops, by = 'icmp' } = request
  return async (tell, signal) => {
    const { address, text, family: spoken } = await destinationOf(to, family, around, signal)
    const trace: Trace = { address, hops, by, source: traceSource(origin, spoken) }
    const passed: Hop[] = []
    const onData = byLine((line) => {
      const hop = readHop(line)
      if (hop === null) return
      passed.push(hop)
      tell.step(stepOf(hop, address))
    })
    const timeoutMs = (hops * probes * waitSeconds + 5) * 1000
    const argv = traceArguments(trace)
    const { code, said } = await around.tools.follow(argv, { timeoutMs, signal, onData })
    if (passed.length === 0 && code !== null) {
      tell.conclude('bad', `Nothing was sent from ${origin.text} to ${text}: ${lastLine(said)}.`)
      return
    }
    tell.conclude(...verdictOf(passed, address, text))
  }
}

function stepOf(
  { number, address, seconds, mark }: Hop,
  to: string,
): Parameters<Parameters<Work>[0]['step']>[0] {
  if (address === null)
    return { verdict: 'unknown', number, sentence: 'nobody says that it is here' }
  const why = mark === null ? null : (markTexts[mark] ?? `answers ${mark}`)
  const sentence = why ?? (address === to ? 'the destination' : 'passes it on')
  const verdict = why !== null ? 'bad' : address === to ? 'good' : 'info'
  return { verdict, number, address, seconds, sentence }
}

function verdictOf(hops: readonly Hop[], to: string, text: string): [RunStep['verdict'], string] {
  const last = hops.findLast(({ address }) => address !== null)
  if (last === undefined) return ['bad', `Nobody on the way to ${text} answers.`]
  if (last.address === to && last.mark === null) {
    const time = last.seconds === null ? '' : `, ${msText(last.seconds)}`
    return ['good', `${text} is ${last.number} ${last.number === 1 ? 'hop' : 'hops'} away${time}.`]
  }
  return [
    'bad',
    `${text} does not answer. The last that does is ${last.address}, hop ${last.number}.`,
  ]
}

export function lastLine(said: string): string {
  return said.split('\n').at(-1)?.trim() || 'the program says no more'
}
