/** Ping: arguments for iputils' ping and the reading of what it says. RFC 792, RFC 4443. */
import { byLine, type Ended } from '../../host/system/follow.ts'
import type { Family } from '../../model/address.ts'
import type { PingRequest, RunStep } from '../../model/local-api-diagnose.ts'
import { configOf, destinationOf, originOf, pingSource, type Surroundings } from './place.ts'
import type { Work } from './runs.ts'

const usualCount = 5
const usualBytes = 56
const waitSeconds = 2

export interface Ping {
  readonly address: string
  readonly count: number
  readonly bytes: number
  readonly source: readonly string[]
  readonly intervalSeconds: number
  /** Nobody may cut it (DF), nor the box itself. */
  readonly isWhole?: boolean
}

export function pingArguments(ping: Ping): readonly string[] {
  const { address, count, bytes, source, intervalSeconds, isWhole = false } = ping
  return [
    ...['ping', '-n', '-O', '-c', String(count), '-s', String(bytes)],
    ...['-i', String(intervalSeconds), '-W', String(waitSeconds)],
    ...(isWhole ? ['-M', 'do'] : []),
    ...source,
    ...['--', address],
  ]
}

export function pingTimeoutMs({ count, intervalSeconds }: Ping): number {
  return (count * intervalSeconds + waitSeconds + 3) * 1000
}

/** What one line of it says of one packet. */
export type PingWord =
  | {
      readonly kind: 'answer'
      readonly number: number
      readonly from: string
      readonly seconds: number
    }
  | { readonly kind: 'late'; readonly number: number }
  /** Somebody on the way says no. `mtuBytes`: since it is too large. */
  | {
      readonly kind: 'refused'
      readonly number: number
      readonly from: string
      readonly why: string
      readonly mtuBytes: number | null
    }
  /** The box itself did not send it. */
  | { readonly kind: 'unsent'; readonly why: string; readonly mtuBytes: number | null }

/** Null: nothing of a packet. */
export function readPing(line: string): PingWord | null {
  const answer = /^\d+ bytes from ([0-9a-f.:]+)(?:%\S+)?: icmp_seq=(\d+) .*time=([\d.]+) ms/.exec(
    line,
  )
  if (answer !== null) {
    const [, from = '', number, ms] = answer
    return { kind: 'answer', number: Number(number), from, seconds: Number(ms) / 1e3 }
  }
  const late = /^no answer yet for icmp_seq=(\d+)/.exec(line)
  if (late !== null) return { kind: 'late', number: Number(late[1]) }
  const refused = /^From ([0-9a-f.:]+)(?:%\S+)? ?:? icmp_seq=(\d+) (.+)$/.exec(line)
  if (refused !== null) {
    const [, from = '', number, why = ''] = refused
    return { kind: 'refused', number: Number(number), from, why, mtuBytes: mtuIn(why) }
  }
  const unsent = /^ping: (?:local error: |sendmsg: |connect: |sendto: )?(.+)$/.exec(line)
  return unsent === null ? null : { kind: 'unsent', why: unsent[1]!, mtuBytes: mtuIn(unsent[1]!) }
}

function mtuIn(text: string): number | null {
  const [, bytes] = /mtu ?= ?(\d{2,5})/.exec(text) ?? []
  return bytes === undefined ? null : Number(bytes)
}

/** Runs it and hands over each word as it comes. @throws HOST_COMMAND_FAILED: there is no such program */
export async function followPing(
  { tools }: Pick<Surroundings, 'tools'>,
  ping: Ping,
  signal: AbortSignal,
  onWord: (word: PingWord) => void,
): Promise<Ended> {
  const onData = byLine((line) => {
    const word = readPing(line)
    if (word !== null) onWord(word)
  })
  const timeoutMs = pingTimeoutMs(ping)
  const ended = await tools.follow(pingArguments(ping), { timeoutMs, signal, onData })
  // What it cannot send it says on stderr.
  for (const line of new Set(ended.said.split('\n'))) {
    const word = readPing(line)
    if (word !== null) onWord(word)
  }
  return ended
}

/** @throws API_INVALID, API_NOT_READY before it begins */
export function pingWork(request: PingRequest, around: Surroundings): Work {
  const origin = originOf(request, configOf(around))
  const { to, family, count = usualCount, bytes = usualBytes } = request
  return async (tell, signal) => {
    const destination = await destinationOf(to, family, around, signal)
    const source = pingSource(origin, destination.family)
    const ping: Ping = {
      ...{ address: destination.address, count, bytes, source },
      intervalSeconds: 1,
    }
    const tally = new Map<number, number | null>()
    await followPing(around, ping, signal, (word) => {
      if (word.kind === 'answer') tally.set(word.number, word.seconds)
      else if (word.kind !== 'unsent' && !tally.has(word.number)) tally.set(word.number, null)
      tell.step(stepOf(word))
      tell.conclude(...verdictOf(tally, destination.text, origin.text))
    })
    if (signal.aborted && tally.size === 0) return
    tell.conclude(...verdictOf(tally, destination.text, origin.text))
  }
}

export function stepOf(word: PingWord): Pick<RunStep, 'verdict' | 'sentence'> & Partial<RunStep> {
  switch (word.kind) {
    case 'answer':
      return {
        verdict: 'good',
        ...{ number: word.number, address: word.from, seconds: word.seconds },
        sentence: 'answered',
      }
    case 'late':
      return { verdict: 'bad', number: word.number, sentence: 'no answer so far' }
    case 'refused':
      return {
        verdict: 'bad',
        ...{ number: word.number, address: word.from },
        sentence: `${word.from} says: ${word.why}`,
      }
    case 'unsent':
      return { verdict: 'bad', sentence: `the box did not send it: ${word.why}` }
  }
}

function verdictOf(
  tally: ReadonlyMap<number, number | null>,
  to: string,
  from: string,
): [RunStep['verdict'], string] {
  const times = [...tally.values()].filter((seconds) => seconds !== null)
  if (times.length === 0) return ['bad', `${to} does not answer ${from}.`]
  const mean = times.reduce((sum, seconds) => sum + seconds, 0) / times.length
  const spread = `${msText(Math.min(...times))} to ${msText(Math.max(...times))}, ${msText(mean)} on average`
  const answered = `${times.length} of ${tally.size} answered`
  const isWhole = times.length === tally.size
  return [isWhole ? 'good' : 'bad', `${to} answers ${from}: ${answered}, in ${spread}.`]
}

/** `0.42 ms` */
export function msText(seconds: number): string {
  const ms = seconds * 1000
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`
}

/** Payload and header of ICMP within a packet of so many bytes. */
export function payloadOf(packetBytes: number, family: Family): number {
  return packetBytes - (family === 4 ? 20 : 40) - 8
}
