/** How fast a box fetches what can wait, so that nobody at the site hears of it. Pure. */
import type { DeviceConfig } from '../model/device-config.ts'
import { rateBps } from '../model/units.ts'

/** 300 MB in ten minutes. */
const usualBps = 4_000_000
const leastBps = 256_000
/** Of the slowest uplink whose rate is known: which of them it goes by is the kernel's to say. */
const part = 1 / 4

/** Bits per second. */
export function bulkRateBps(config: Pick<DeviceConfig, 'uplinks'> | null): number {
  const known = (config?.uplinks ?? []).flatMap(({ down }) =>
    down === undefined ? [] : [rateBps(down)],
  )
  if (known.length === 0) return usualBps
  return Math.max(leastBps, Math.min(...known) * part)
}
