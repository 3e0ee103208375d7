/** When a signed configuration that a box refused is tried again by the box itself: what may pass, ever more seldom; else never. Pure. */
import type { ErrorCode } from '../model/errors.ts'

/** The box was busy, or its controller was away while it waited for the confirm. */
const passing: ReadonlySet<string> = new Set<ErrorCode>([
  'API_NOT_READY',
  'CONFIG_PENDING',
  'CONFIG_CONFLICT',
  'CONFIG_NOT_APPLIED',
  'CONFIG_UNCONFIRMED',
  'STORE_WRITE_FAILED',
])
const firstMs = 30_000
/** One that cuts the box off costs two minutes each time. */
const firstUnconfirmedMs = 10 * 60_000
const mostMs = 12 * 3_600_000

/** @param times that it was refused before. @returns null: never */
export function configAgainMs(code: string, times: number): number | null {
  if (!passing.has(code)) return null
  const first = code === 'CONFIG_UNCONFIRMED' ? firstUnconfirmedMs : firstMs
  return Math.min(mostMs, first * 3 ** Math.min(times, 20))
}
