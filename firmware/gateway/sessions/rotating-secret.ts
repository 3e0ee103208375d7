/** A secret in memory that is new every so often, with the one before still good: behind challenges and cookies. */
import type { Clock } from '../../host/clock/clock.ts'

export interface RotatingSecret {
  /** 32 bytes. */
  present(): Uint8Array
  /** Those that still hold: the present one, then the one before, if it is not too old. */
  valid(): readonly Uint8Array[]
  /** Until the present one is replaced. */
  renewsInMs(): number
}

export function openRotatingSecret(
  clock: Clock,
  random: (bytes: number) => Uint8Array,
  renewMs: number,
): RotatingSecret {
  let secret = random(32)
  let before: Uint8Array | null = null
  let sinceMs = clock.nowMs()

  const renew = (): void => {
    const ageMs = clock.nowMs() - sinceMs
    if (ageMs < renewMs) return
    before = ageMs < 2 * renewMs ? secret : null
    secret = random(32)
    // Late renewals keep the rhythm, or a secret could be good for longer than twice its time.
    sinceMs += Math.floor(ageMs / renewMs) * renewMs
  }
  return {
    present: () => {
      renew()
      return secret
    },
    valid: () => {
      renew()
      return before === null ? [secret] : [secret, before]
    },
    renewsInMs: () => {
      renew()
      // Fractions of a millisecond: rounded down, it would be asked for again and again in the same one.
      return Math.max(1, sinceMs + renewMs - clock.nowMs())
    },
  }
}
