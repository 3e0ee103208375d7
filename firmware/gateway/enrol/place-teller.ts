/**
 * Says to the owner's controller where this box can be called and with which peers it has no session, where no endpoint leads to
 * them, and has them called where the controller says that they are (model/control-link.ts, `places`). A box all of whose peers are
 * named, or that has none, says nothing.
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import type { Endpoint } from '../../model/address.ts'
import { type ControllerMessage, type EdgeMessage, mostWanted } from '../../model/control-link.ts'

/** What calls peers. */
export interface Caller {
  /** Where this box can be called from outside, the best first. */
  places(): readonly Endpoint[]
  /** Has it looked where that is now; what is another place then is told by the next look. */
  refresh(): void
  /** Peers that no endpoint leads to. */
  unnamed(): readonly { readonly wireKey: string; readonly isUp: boolean }[]
  /** Looks itself whether a peer can be there. */
  callAt(wireKey: string, places: readonly Endpoint[]): void
}

export interface PlaceTellerParts {
  readonly clock: Clock
  readonly caller: Caller
  /** Nothing comes of it without a link. */
  readonly say: (message: Extract<EdgeMessage, { kind: 'places' }>) => void
}

/** All that changes within this time is said at once. */
const lookMs = 2_000
/** Whom nobody found is asked for again, ever more seldom: it may be there by now, or its NAT another one. */
const againMs = { first: 60_000, most: 3_600_000 } as const

export class PlaceTeller implements Disposable {
  readonly #parts: PlaceTellerParts
  /** What was said by this link, or would have been since it ended; null: nothing yet. */
  #told: { readonly places: string; readonly wanted: ReadonlySet<string> } | null = null
  #waitMs: number = againMs.first
  #againAtMs = 0
  #cancel: CancelTimer = () => {}

  constructor(parts: PlaceTellerParts) {
    this.#parts = parts
  }

  /** There is a link, and it is another than before: nothing was said by it. */
  onLink(): void {
    this.#told = null
    this.#look()
  }

  onPeers({ peers }: Extract<ControllerMessage, { kind: 'peer-places' }>): void {
    for (const { wireKey, places } of peers) this.#parts.caller.callAt(wireKey, places)
  }

  [Symbol.dispose](): void {
    this.#cancel()
  }

  #look(): void {
    const { clock, caller } = this.#parts
    this.#cancel()
    this.#cancel = clock.after(lookMs, () => this.#look())
    const unnamed = caller.unnamed()
    if (unnamed.length === 0) return
    const lacking = unnamed.filter(({ isUp }) => !isUp).map(({ wireKey }) => wireKey)
    this.#tell(caller.places(), lacking.slice(0, mostWanted))
  }

  #tell(places: readonly Endpoint[], wanted: readonly string[]): void {
    const { clock, say, caller } = this.#parts
    const nowMs = clock.nowMs()
    const told = this.#told
    const text = JSON.stringify(places)
    const isLost = wanted.some((key) => told?.wanted.has(key) !== true)
    const isDue = wanted.length > 0 && nowMs >= this.#againAtMs
    const isNews = isLost || text !== told?.places
    this.#told = { places: text, wanted: new Set(wanted) }
    if (!isNews && !isDue) return
    // The router that lost the session may show this box elsewhere now, and nobody else would say so.
    if (isLost || isDue) caller.refresh()
    this.#waitMs = isNews ? againMs.first : Math.min(2 * this.#waitMs, againMs.most)
    this.#againAtMs = nowMs + this.#waitMs
    say({ kind: 'places', places: [...places], wanted: [...wanted] })
  }
}
