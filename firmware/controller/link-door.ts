/**
 * The way in to a controller's links: who may have one (a box that somebody has; one that was released, which is told so and no more),
 * how often it may call and how much it may say. Of each box one link at most has not said yet who it is: so there is room for all.
 */
import type { Clock } from '../host/clock/clock.ts'
import { closeCodes, type Link } from '../host/link/link.ts'
import type { DeviceIdentity } from '../host/pki/certificate.ts'
import type { Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import { openSourceBuckets } from '../plan/rate-limit.ts'
import { type Attached, end, newAttached } from './attached.ts'
import { readEdge } from './edges.ts'
import { Inbox } from './inbox.ts'
import { say } from './link-words.ts'
import type { RefusalLog } from './refusal-log.ts'
import { readReleased } from './release.ts'

export interface LinkDoorParts {
  readonly store: Store
  readonly clock: Clock
  readonly refusals: RefusalLog
}

/** As its certificate says. */
export type Caller = DeviceIdentity & { readonly expiresMs: number }

export interface Admitted extends Caller {
  /** Its owner has let it go. */
  readonly isReleased: boolean
}

/** What is on the other side of the door. */
export interface Desk {
  /** One text after the other. */
  readonly take: (box: Attached, text: string) => Promise<void>
  readonly onClose: (box: Attached) => void
}

/** Of one box: who is started again and again stays below it. */
const callRate = { perSecond: 0.5, burst: 20 }
/** What one box may say, by however many links: it answers each configuration, and reports every ten seconds. */
const messageRate = { perSecond: 5, burst: 100 }
const mostBoxes = 8_192
/** A box says who it is so soon, or is no box. */
const helloMs = 10_000

export class LinkDoor implements Disposable {
  readonly #parts: LinkDoorParts
  readonly #calls = openSourceBuckets(callRate, mostBoxes)
  readonly #messages = openSourceBuckets(messageRate, mostBoxes)
  /** Boxes whose links have not said who they are. */
  readonly #calling = new Map<string, Attached>()

  constructor(parts: LinkDoorParts) {
    this.#parts = parts
  }

  /** Before there is a link. @returns null: there may be none */
  async admit(caller: Caller): Promise<Admitted | null> {
    const { store, clock } = this.#parts
    const { deviceId } = caller
    if (!this.#calls.take(deviceId, clock.nowMs())) return null
    if ((await readEdge(store, deviceId)) !== null) return { ...caller, isReleased: false }
    const released = await readReleased(store, deviceId)
    return released === null ? null : { ...caller, isReleased: true }
  }

  open(link: Link, { deviceId, expiresMs, isReleased }: Admitted, desk: Desk): void {
    const { clock } = this.#parts
    const inbox: Inbox = new Inbox({
      handle: (text) => desk.take(box, text),
      mayTake: () => this.#messages.take(deviceId, clock.nowMs()),
      onFlood: () => this.#onFlood(box),
    })
    const box: Attached = newAttached(link, inbox, deviceId, expiresMs, clock.nowMs())
    const other = this.#calling.get(deviceId)
    if (other !== undefined) end(other, closeCodes.replaced, 'the device has another link')
    this.#calling.set(deviceId, box)
    box.timer = clock.after(helloMs, () => end(box, closeCodes.misuse, 'says nothing'))
    link.onClose(() => {
      inbox.close()
      box.timer?.()
      this.entered(box)
      desk.onClose(box)
    })
    if (isReleased) void this.#turnAway(box)
    else link.onMessage((text) => inbox.take(text))
  }

  /** It has said who it is. */
  entered(box: Attached): void {
    if (this.#calling.get(box.deviceId) === box) this.#calling.delete(box.deviceId)
  }

  [Symbol.dispose](): void {
    for (const box of this.#calling.values()) end(box, 1_001, 'the controller ends')
  }

  #onFlood(box: Attached): void {
    const code = 'LINK_FLOODED'
    this.#parts.refusals.tell(box.deviceId, { what: 'edge.link', code })
    end(box, closeCodes.misuse, code)
  }

  /** A box that comes back by the certificate of an owner who has let it go. */
  async #turnAway(box: Attached): Promise<void> {
    this.#parts.refusals.tell(box.deviceId, { what: 'edge.link', code: 'ZTP_RELEASED' })
    try {
      await sayReleased(this.#parts.store, box)
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      end(box, closeCodes.notTrusted, error.code)
    }
  }
}

/** It has no owner here, or none any more: it is told so, and its link ends. */
export async function sayReleased(store: Store, box: Attached): Promise<void> {
  const released = await readReleased(store, box.deviceId)
  if (released !== null) say(box.link, { kind: 'released', release: released.release })
  end(box, closeCodes.notTrusted, 'the device was released')
}
