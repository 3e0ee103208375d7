/** What a controller knows of a box while that has a link. */
import type { CancelTimer } from '../host/clock/clock.ts'
import type { Link } from '../host/link/link.ts'
import type { EdgeMessage } from '../model/control-link.ts'
import type { FirmwareState } from '../model/firmware-order.ts'
import type { SeenBox } from '../plan/rollout-box.ts'
import type { Inbox } from './inbox.ts'
import type { PublishedConfig } from './published.ts'

type Report = Extract<EdgeMessage, { kind: 'report' }>

/** A box with a link. */
export interface Attached {
  readonly link: Link
  readonly inbox: Inbox
  readonly deviceId: string
  /** Who has it, as of its first message. */
  tenant: string
  expiresMs: number
  /** What it runs, as far as it has said. */
  revision: number
  /** The highest that it has tried. */
  tried: number
  firmware: string
  /** What was sent last, which it has once it has answered; null: nothing yet. */
  sent: PublishedConfig | null
  /** What it has, where that is known here: what differs is reckoned from it. */
  has: PublishedConfig | null
  /** It has not answered for what was sent. */
  isAsked: boolean
  /** Newer than what was sent. */
  waiting: PublishedConfig | null
  report: Report | null
  /** Since when it has been as well or as unwell as it says. */
  isSoSinceMs: number
  /** Of its firmware; null: it has said nothing of it. */
  firmwareState: FirmwareState | null
  /** What it was told last of its firmware, and when; null: nothing. */
  ordered: { readonly id: string | null; readonly atMs: number } | null
  /** Since when it has this link. */
  readonly openedMs: number
  timer: CancelTimer | null
}

/** What is known of a box that has a link. */
export interface AttachedStatus {
  readonly deviceId: string
  readonly revision: number
  readonly firmware: string
  readonly report: Report | null
  /** How long it has been as well or as unwell as it says, by this link. */
  readonly healthAgeMs: number
}

/** Before it has said anything. @param expiresMs of the certificate that it came with */
export function newAttached(
  link: Link,
  inbox: Inbox,
  deviceId: string,
  expiresMs: number,
  openedMs: number,
): Attached {
  return {
    ...{ link, inbox, deviceId, tenant: '', expiresMs, revision: 0, tried: 0, firmware: '' },
    ...{ sent: null, has: null, isAsked: false, waiting: null },
    ...{ report: null, isSoSinceMs: 0, timer: null },
    ...{ firmwareState: null, ordered: null, openedMs },
  }
}

export function seenOf(box: Attached, nowMs: number): SeenBox {
  const { openedMs, firmwareState, report, isSoSinceMs, ordered } = box
  return {
    linkMs: nowMs - openedMs,
    said: firmwareState,
    health:
      report === null ? null : { isHealthy: report.isHealthy, problems: report.problems.length },
    healthMs: nowMs - isSoSinceMs,
    told: ordered === null ? null : { order: ordered.id, ms: nowMs - ordered.atMs },
  }
}

/** Nothing that it has said and that waits is looked at any more. */
export function end({ link, inbox }: Attached, code: number, reason: string): void {
  inbox.close()
  link.close(code, reason)
}
