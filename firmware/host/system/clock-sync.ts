/**
 * Who keeps the clock right, and how right it is: chrony's word (`chronyc -c tracking`) where it runs, else the kernel's
 * (adjtimex(2), by busybox, which the box has for DHCP anyway).
 */
import type { ClockAnswer } from '../../model/local-api-system.ts'
import { run } from './command.ts'

type Sync = Omit<ClockAnswer, 'nowSeconds' | 'zone'>

export type Run = (argv: readonly string[]) => Promise<string>

const nobodyKnows: Sync = {
  ...{ isSynchronised: null, by: 'nobody', server: null, stratum: null },
  ...{ offsetSeconds: null, errorSeconds: null },
}

/** Never fails. */
export async function readClockSync(ask: Run = run): Promise<Sync> {
  const chrony = await ask(['chronyc', '-n', '-c', 'tracking']).then(readTracking, () => null)
  if (chrony !== null) return chrony
  const kernel = await ask(['busybox', 'adjtimex']).then(readAdjtimex, () => null)
  return kernel ?? nobodyKnows
}

/**
 * Fields of `chronyc -c tracking`: reference id, server, stratum, time, system offset, last offset, RMS offset, frequency, residual,
 * skew, root delay, root dispersion, update interval, leap status. Null: none.
 */
export function readTracking(text: string): Sync | null {
  const fields = text.trim().split(',')
  if (fields.length < 14) return null
  const [, server, stratum, , offset] = fields
  const [delay, dispersion] = [Number(fields[10]), Number(fields[11])]
  const level = Number(stratum)
  const isSynchronised = fields[13] !== 'Not synchronised'
  if (!Number.isInteger(level) || level < 0 || level > 16) return null
  const errorSeconds = Math.abs(delay) / 2 + Math.abs(dispersion)
  const offsetSeconds = Number(offset)
  return {
    isSynchronised,
    by: 'chrony',
    server: isSynchronised && server !== '' ? server!.slice(0, 256) : null,
    stratum: isSynchronised ? level : null,
    // What it tells is the correction that is left: a clock that is slow has a positive one.
    offsetSeconds: isSynchronised && Number.isFinite(offsetSeconds) ? -offsetSeconds : null,
    errorSeconds: isSynchronised && Number.isFinite(errorSeconds) ? errorSeconds : null,
  }
}

/** Null: none. The kernel counts its error up by 500 ppm until somebody who knows better tells it another. */
export function readAdjtimex(text: string): Sync | null {
  const value = (name: string): number => Number(new RegExp(`${name}:\\s+(-?\\d+)`).exec(text)?.[1])
  const [status, maxError] = [value('status'), value('maxerror')]
  if (!Number.isInteger(status)) return null
  const isSynchronised = (status & unsynchronised) === 0
  return {
    ...nobodyKnows,
    isSynchronised,
    by: isSynchronised ? 'kernel' : 'nobody',
    errorSeconds: isSynchronised && Number.isFinite(maxError) ? Math.max(0, maxError) / 1e6 : null,
  }
}

/** STA_UNSYNC of <linux/timex.h>. */
const unsynchronised = 0x40
