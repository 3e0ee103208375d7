/** Waiting for what comes about by itself. */
import { CausewayError } from '../../firmware/model/errors.ts'

const lookMs = 20
const usualMs = 20_000

/** Looks until there is something; null when it is too late. @param untilMs as `performance.now` has it */
export async function waitFor<Result>(
  look: () => Promise<Result | null>,
  untilMs: number,
): Promise<Result | null> {
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (performance.now() > untilMs) return null
    await new Promise((passed) => setTimeout(passed, lookMs))
  }
}

/** The same for tests that fail without it. @throws LAB_TIMEOUT */
export async function until<Value>(
  what: string,
  look: () => Promise<Value | null | false>,
  ms: number = usualMs,
): Promise<Value> {
  const found = await waitFor(async () => {
    const value = await look()
    return value === false ? null : value
  }, performance.now() + ms)
  if (found === null) throw new CausewayError('LAB_TIMEOUT', `not in time: ${what}`)
  return found
}
