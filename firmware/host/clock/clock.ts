/**
 * The port to time: one monotonic clock and its timers. Behind it stand `system.ts` and `virtual.ts` (tests).
 * Wall-clock time is none of its business.
 */
export interface Clock {
  /** Milliseconds since an arbitrary start, with fractions. Never goes back; time in suspend counts. */
  nowMs(): number
  /** Runs once, `delayMs` from now or, after a suspend, later. A negative delay counts as 0. */
  after(delayMs: number, run: () => void): CancelTimer
}

/** Idempotent; after it returned, the timer does not run. */
export type CancelTimer = () => void
