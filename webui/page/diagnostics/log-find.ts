/** Which lines of the log fit, and what comes of new ones: newest first, at most as many as the box keeps. Pure. */
import type { LogLine } from '../../../firmware/model/local-api-log.ts'

const mostLines = 1_000

export interface LogWanted {
  readonly level: 'all' | 'warn' | 'error'
  /** Empty: all. */
  readonly area: string
  readonly words: string
}

export function fitsLine(line: LogLine, { level, area, words }: LogWanted): boolean {
  if (level === 'error' && line.level !== 'error') return false
  if (level === 'warn' && line.level === 'info') return false
  if (area !== '' && line.area !== area) return false
  const whole = [line.message, ...Object.entries(line.fields).flat()].join(' ').toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => whole.includes(word))
}

/** @param more oldest first, as the box tells them. A box that began anew counts from one again: nothing is kept then. */
export function addLines(had: readonly LogLine[], more: readonly LogLine[]): readonly LogLine[] {
  const [first] = more
  if (first === undefined) return had
  const newest = had[0]?.number ?? 0
  const kept = first.number <= newest ? [] : had
  return [...more.toReversed(), ...kept].slice(0, mostLines)
}
