/**
 * The last events in words, with what belongs together told once: what comes and goes within five minutes is one event that goes
 * on, what befalls many at once is one event of all of them. Pure: times are arguments, windows are of a clock that never jumps.
 */
import type { ApiEvent } from '../model/local-api-event.ts'
import { mostRecentEvents, type RecentEvent } from '../model/local-api-recent.ts'
import { durationText, namesText, startWords, type Words, wordsOf } from './event-text.ts'

export interface Moment {
  /** By a clock that never goes back. */
  readonly nowMs: number
  /** Since 1970, as far as the box knows. */
  readonly atSeconds: number
}

export interface EventFold {
  /** @returns the one that is new or has gone on; null: nothing to tell */
  readonly take: (event: ApiEvent, moment: Moment) => RecentEvent | null
  readonly start: (version: string, moment: Moment) => RecentEvent
  /** Newest first. */
  readonly recent: () => readonly RecentEvent[]
}

/** What comes and goes: a pause longer than this ends the run. */
const runMs = 5 * 60_000
const mostRuns = 1_024
/** At once is within this. */
const togetherMs = 3_000
const mostTogether = 1_024
const sentenceChars = 400

interface Run {
  sinceMs: number
  sinceSeconds: number
  lastMs: number
  lastTurn: Words['turn'] | null
  /** Turns for the worse, or changes. */
  times: number
  /** What was told last; from the second time on it stays the same. */
  number: number
}

interface Burst {
  lastMs: number
  readonly number: number
  readonly names: Set<string>
}

/** @param kept as `recent` gave them, of the gateway before */
export function openEventFold(kept: readonly RecentEvent[]): EventFold {
  /** In the order in which they happened or went on, by number. */
  const events = new Map([...kept].reverse().map((event) => [event.number, event]))
  const runs = new Map<string, Run>()
  const bursts = new Map<string, Burst>()
  const isUp = new Map<string, boolean>()
  let last = kept.reduce((most, { number }) => Math.max(most, number), 0)

  const put = (event: RecentEvent): RecentEvent => {
    events.delete(event.number)
    events.set(event.number, event)
    if (events.size > mostRecentEvents) events.delete(events.keys().next().value!)
    return event
  }
  const tell = (
    words: Words,
    { atSeconds }: Moment,
    more: Partial<RecentEvent> = {},
  ): RecentEvent => {
    const { kind, subject, severity, sentence } = words
    const once = { number: more.number ?? ++last, times: 1, sinceSeconds: atSeconds, atSeconds }
    const event = { ...once, kind, subject, severity, sentence, ...more }
    return put({ ...event, sentence: event.sentence.slice(0, sentenceChars) })
  }
  /** What is said of a peer is whether it is connected, however it is not. */
  const isNews = (event: ApiEvent): boolean => {
    if (event.kind !== 'peer') return true
    if (event.state === null) return !isUp.delete(event.peer)
    const now = event.state === 'up'
    const before = isUp.get(event.peer) ?? false
    isUp.set(event.peer, now)
    return before !== now
  }

  /** Null: it is no part of one that was told before. */
  const goneOn = (
    words: Words,
    { times, number, sinceMs, sinceSeconds }: Run,
    isSameTrouble: boolean,
    moment: Moment,
  ): RecentEvent | null => {
    if (times > 1) {
      const sentence = words.repeated(times, durationText((moment.nowMs - sinceMs) / 1000))
      const more = { sentence, times, sinceSeconds, ...calmed(words) }
      const isRun = (events.get(number)?.times ?? 0) > 1
      return tell(words, moment, isRun ? { ...more, number } : more)
    }
    if (!isSameTrouble || events.get(number)?.subject !== words.subject) return null
    return tell(words, moment, { number, sinceSeconds: events.get(number)!.sinceSeconds })
  }
  const begun = (words: Words, moment: Moment): RecentEvent => {
    const burst = joined(bursts, words, moment)
    const before = burst === null ? undefined : events.get(burst.number)
    if (burst === null || before === undefined) {
      const told = tell(words, moment)
      begin(bursts, words, told.number, moment)
      return told
    }
    const sentence = words.together!.sentence(namesText([...burst.names]))
    const { number, sinceSeconds } = before
    return tell(words, moment, { number, subject: null, sentence, sinceSeconds })
  }

  return {
    start: (version, moment) => tell(startWords(version), moment),
    take: (event, moment) => {
      const words = isNews(event) ? wordsOf(event) : null
      if (words === null) return null
      if (words.key === null) return tell(words, moment)
      const run = runOf(runs, words, moment)
      const isSameTrouble = run.lastTurn === 'bad' && words.turn === 'bad'
      if (!isSameTrouble && words.turn !== 'good') run.times++
      run.lastTurn = words.turn
      const told = goneOn(words, run, isSameTrouble, moment) ?? begun(words, moment)
      run.number = told.number
      return told
    },
    recent: () => [...events.values()].reverse(),
  }
}

/** That it works again does not make it good: it may go on. */
function calmed({ severity }: Words): Partial<RecentEvent> {
  return severity === 'good' ? { severity: 'warning' } : {}
}

/** A new one, if it was quiet for long. */
function runOf(runs: Map<string, Run>, { key }: Words, { nowMs, atSeconds }: Moment): Run {
  const known = runs.get(key!)
  const isOver = known === undefined || nowMs - known.lastMs > runMs
  const since = { sinceMs: nowMs, sinceSeconds: atSeconds, lastMs: nowMs }
  const run: Run = isOver ? { ...since, lastTurn: null, times: 0, number: 0 } : known
  run.lastMs = nowMs
  // Back to the end: the map is in the order of use.
  runs.delete(key!)
  runs.set(key!, run)
  if (runs.size > mostRuns) runs.delete(runs.keys().next().value!)
  return run
}

/** Null: it is the first one. */
function joined(bursts: Map<string, Burst>, words: Words, { nowMs }: Moment): Burst | null {
  const { together, subject } = words
  if (together === null || subject === null) return null
  const burst = bursts.get(together.key)
  if (burst === undefined || nowMs - burst.lastMs > togetherMs) return null
  if (burst.names.size >= mostTogether) return null
  burst.lastMs = nowMs
  burst.names.add(subject)
  return burst
}

function begin(
  bursts: Map<string, Burst>,
  { together, subject }: Words,
  number: number,
  { nowMs }: Moment,
): void {
  for (const [key, { lastMs }] of bursts) if (nowMs - lastMs > togetherMs) bursts.delete(key)
  if (together === null || subject === null) return
  bursts.set(together.key, { lastMs: nowMs, number, names: new Set([subject]) })
}
