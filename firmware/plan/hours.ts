/** Hours of the day in which something may happen, in UTC. Pure. */
import type { Hours } from '../model/firmware-order.ts'

const dayMinutes = 1_440
const minuteMs = 60_000

/** @returns how long until they begin; 0: it is time, or there are none. @param nowMs since 1970 */
export function msUntilHours(hours: Hours | null, nowMs: number): number {
  if (hours === null) return 0
  const minute = (nowMs / minuteMs) % dayMinutes
  const { fromMinute, untilMinute } = hours
  const lengthMinutes = (untilMinute - fromMinute + dayMinutes) % dayMinutes || dayMinutes
  const sinceMinutes = (minute - fromMinute + dayMinutes) % dayMinutes
  return sinceMinutes < lengthMinutes ? 0 : (dayMinutes - sinceMinutes) * minuteMs
}

/** `02:00-04:00`; null: it is none. */
export function parseHours(text: string): Hours | null {
  const [, ...parts] = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? []
  if (parts.length !== 4) return null
  const [fromHour = 0, from = 0, untilHour = 0, until = 0] = parts.map(Number)
  return { fromMinute: fromHour * 60 + from, untilMinute: untilHour * 60 + until }
}

export function hoursText({ fromMinute, untilMinute }: Hours): string {
  return `${timeText(fromMinute)}-${timeText(untilMinute)}`
}

function timeText(minute: number): string {
  const two = (part: number): string => String(part).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}
