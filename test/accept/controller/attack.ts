/** What an attack is, and what all of them need: a box that is claimed, the code of a refusal. */
import { type AttemptOptions, attemptEnrol } from '../../../firmware/gateway/enrol/attempt.ts'
import { CausewayError, type ErrorCode } from '../../../firmware/model/errors.ts'
import { type Target, tenant } from './target.ts'

export interface Attack {
  readonly title: string
  /** Of the refusal, and what the log calls that at which it came. */
  readonly code: ErrorCode
  readonly what: string
  readonly run: (target: Target, fault: string | undefined) => Promise<string | null>
}

/** One that is claimed ahead. */
export async function listed(
  target: Target,
  more: Partial<AttemptOptions> = {},
): Promise<AttemptOptions> {
  const device = await target.device(more)
  const site = `site-${device.key.deviceId.slice(0, 8)}`
  const body = { device: device.key.deviceId, site, isAhead: true }
  await target.ask('POST', `/api/v1/tenants/${tenant}/claims`, body)
  return device
}

export async function refusalOf(device: AttemptOptions): Promise<string | null> {
  return attemptEnrol(device).then(() => null, codeOf)
}

export function codeOf(error: unknown): string {
  return error instanceof CausewayError ? error.code : String(error)
}
