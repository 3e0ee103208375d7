/** What a controller says to a box by its link, and how. */
import { closeCodes, type Link } from '../host/link/link.ts'
import type { ControllerMessage } from '../model/control-link.ts'
import { CausewayError, type ErrorCode } from '../model/errors.ts'
import { deltaBetween } from '../plan/json-delta.ts'
import type { PublishedConfig } from './published.ts'

/** @param has what the box has, where that is known: then what differs is enough, where that is shorter */
export function messageFor(
  has: PublishedConfig | null,
  published: PublishedConfig,
): ControllerMessage {
  const { revision, jws, config, deviceId } = published
  const whole: ControllerMessage = { kind: 'config', revision, jws }
  if (has === null || has.deviceId !== deviceId) return whole
  const steps = deltaBetween(has.config, config)
  if (steps === null || JSON.stringify(steps).length > jws.length / 2) return whole
  const [head, , signature] = jws.split('.') as [string, string, string]
  return { kind: 'config-delta', revision, base: has.revision, steps, head, signature }
}

/** One that has not taken what was sent before is ended: when it is back, it says what it has. */
export function trySay(link: Link, message: ControllerMessage): boolean {
  try {
    say(link, message)
    return true
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    link.close(closeCodes.tooSlow, error.code)
    return false
  }
}

/** What can wait: the link is left to what cannot, while that much waits. */
const mostBehindBytes = 64 * 1024

/** False: not now. */
export function tryTell(link: Link, message: ControllerMessage): boolean {
  return link.waitingBytes <= mostBehindBytes && trySay(link, message)
}

/** @throws LINK_SLOW */
export function say(link: Link, message: ControllerMessage): void {
  link.send(JSON.stringify(message))
}

/** @throws LINK_SLOW */
export function denyRenewal(link: Link, code: ErrorCode, message: string): void {
  say(link, { kind: 'denied', what: 'renew', code, message })
}

/** What passes, or is the box's own fault alone. */
const denied: ReadonlySet<ErrorCode> = new Set([
  'STORE_BUSY',
  'STORE_CONFLICT',
  'ZTP_BUSY',
  'ZTP_WIRE_KEY_TAKEN',
])

/** A renewal that cannot be is denied: there is no reason to end the link for it. @throws the error, where there is */
export function denyFor(link: Link, error: unknown): undefined {
  if (!(error instanceof CausewayError) || !denied.has(error.code)) throw error
  denyRenewal(link, error.code, error.message)
}
