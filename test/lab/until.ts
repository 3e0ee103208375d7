/** Waiting for what comes about by itself, for tests that fail when it does not. */
import { CausewayError } from '../../firmware/model/errors.ts'

const lookMs = 100
const usualMs = 20_000

/** Looks again until there is something. @throws LAB_TIMEOUT */
export async function until<Value>(
  what: string,
  look: () => Promise<Value | null | false>,
  ms: number = usualMs,
): Promise<Value> {
  const endMs = performance.now() + ms
  for (;;) {
    const value = await look()
    if (value !== null && value !== false) return value
    if (performance.now() > endMs) throw new CausewayError('LAB_TIMEOUT', `not in time: ${what}`)
    await new Promise((passed) => setTimeout(passed, lookMs))
  }
}
