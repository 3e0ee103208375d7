/**
 * Thrift: by an uplink that is paid for, a peer that does not answer is called ever more seldom, so that one that is never there
 * costs less than a megabyte a day. Other uplinks are not waited for, nor is anything held back for which a packet waits.
 */

import { isSamePlace } from '../../host/udp/udp.ts'
import { thriftMs } from '../../plan/session.ts'
import type { PeerConfig, Session, Uplink } from './session.ts'

/** A call came to nothing. */
export function noteMiss({ thrift, context }: Session, { isMetered = false }: Uplink): void {
  thrift.misses++
  if (isMetered) thrift.untilMs = context.clock.nowMs() + thriftMs(thrift.misses)
}

/** Whatever is paid: a packet waits, the peer answers, or this box is somewhere else now. */
export function spend({ thrift }: Session): void {
  Object.assign(thrift, { misses: 0, untilMs: 0 })
}

/** Those that may be called by now; all, where there is none but is paid for. */
export function affordable({ thrift, context }: Session, uplinks: readonly Uplink[]): Uplink[] {
  if (context.clock.nowMs() >= thrift.untilMs) return [...uplinks]
  const free = uplinks.filter(({ isMetered = false }) => !isMetered)
  return free.length > 0 ? free : [...uplinks]
}

/** How long to wait, where all of these are paid for. */
export function thriftLeftMs({ thrift, context }: Session, uplinks: readonly Uplink[]): number {
  const isDear = uplinks.length > 0 && uplinks.every(({ isMetered = false }) => isMetered)
  return isDear ? Math.max(0, thrift.untilMs - context.clock.nowMs()) : 0
}

/** Whether what was in vain by the ones would be by the others. */
export function isSameUplinks(before: readonly Uplink[], now: readonly Uplink[]): boolean {
  const isSame = ({ socket, isMetered = false }: Uplink, at: number): boolean =>
    socket === before[at]?.socket && isMetered === (before[at].isMetered ?? false)
  return now.length === before.length && now.every(isSame)
}

/** The same of where a peer is called. */
export function isSameEndpoints(before: PeerConfig, now: PeerConfig): boolean {
  return (
    now.endpoints.length === before.endpoints.length &&
    now.endpoints.every((one, at) => isSamePlace(one, before.endpoints[at]!))
  )
}
