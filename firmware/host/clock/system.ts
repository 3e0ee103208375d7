/** The machine's clock. Node's own monotonic clock stands still in suspend: the boot clock makes up for it. */
import { uptime } from 'node:os'
import { performance } from 'node:perf_hooks'
import type { Clock } from './clock.ts'

/** The boot clock is a file in /proc: it is read no more often than this. */
const lookMs = 1_000
/** The boot clock is told in hundredths of a second; smaller steps are rounding, not suspend. */
const leastSuspendMs = 50

export function systemClock(sources: { monotonicMs(): number; bootMs(): number } = machine): Clock {
  let suspendedMs = 0
  let lookedMs = sources.monotonicMs()
  const gapMs = sources.bootMs() - lookedMs
  const nowMs = (): number => {
    const monotonicMs = sources.monotonicMs()
    if (monotonicMs - lookedMs >= lookMs) {
      lookedMs = monotonicMs
      const sleptMs = sources.bootMs() - monotonicMs - gapMs
      if (sleptMs - suspendedMs >= leastSuspendMs) suspendedMs = sleptMs
    }
    return monotonicMs + suspendedMs
  }
  return {
    nowMs,
    after: (delayMs, run) => {
      const timer = setTimeout(run, Math.max(0, delayMs))
      return () => clearTimeout(timer)
    },
  }
}

const machine = {
  monotonicMs: () => performance.now(),
  bootMs: () => uptime() * 1_000,
}
