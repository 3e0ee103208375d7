/** Where this box can be reached, as far as it knows: its uplinks now, and what the NATs before them do. */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import type { DeviceConfig } from '../../model/device-config.ts'
import { isSymmetric } from '../../model/nat.ts'
import type { OwnPlace, OwnUplink } from '../../plan/candidate.ts'
import type { UplinkPlace } from '../../plan/compile.ts'
import { insidePrefixes } from '../../plan/route.ts'
import type { Nat } from '../nat/nat.ts'
import type { Numbers } from '../uplink-numbers.ts'

export interface OwnPlacesParts {
  readonly clock: Clock
  readonly numbers: Numbers
  readonly nat: Nat
}

/** A look at the NATs serves all searches that want one within this time. */
const freshMs = 20_000
/** From one that was wanted to the next; peers, who do not pay for it, are not to want many. */
const gapsMs = { own: 4_000, theirs: 40_000 } as const
/** From one look to that because a hub says that all is otherwise. */
const movedGapMs = 10_000

export class OwnPlaces implements Disposable {
  readonly #parts: OwnPlacesParts
  #config: DeviceConfig | null = null
  #places: readonly UplinkPlace[] = []
  #inside: readonly string[] = []
  #seen = ''
  #refreshedAtMs = Number.NEGATIVE_INFINITY
  /** Of the look that is due since it was seen elsewhere. */
  #moved: CancelTimer | null = null

  constructor(parts: OwnPlacesParts) {
    this.#parts = parts
  }

  configure(config: DeviceConfig, places: readonly UplinkPlace[]): void {
    this.#config = config
    this.#places = places
    this.#inside = insidePrefixes(config)
  }

  get place(): OwnPlace {
    const { port = 0, ports = [] } = this.#config?.overlay ?? {}
    const nats = this.#parts.nat.readings()
    return { uplinks: this.#uplinks(), nats, port, ports, inside: this.#inside }
  }

  /** Whether it is another than when this was asked last. Where each destination sees another port, ports mean nothing. */
  isOther(): boolean {
    const nats = this.#parts.nat.readings().map((nat) => {
      const { uplink, family, mapped, mapping, filtering, isBlocked } = nat
      const port = isSymmetric(nat) ? 0 : mapped?.port
      return [uplink, family, mapped?.address, port, mapping, filtering, isBlocked]
    })
    const seen = JSON.stringify([this.#places, nats])
    const isOther = seen !== this.#seen
    this.#seen = seen
    return isOther
  }

  /** @param whose search it is that wants to know */
  refresh(whose: 'own' | 'theirs'): void {
    const { clock, nat } = this.#parts
    const nowMs = clock.nowMs()
    const readings = nat.readings()
    const isFresh = readings.every(({ testedAtMs }) => nowMs - testedAtMs < freshMs)
    if (nowMs - this.#refreshedAtMs < gapsMs[whose] || (readings.length > 0 && isFresh)) return
    this.#refreshedAtMs = nowMs
    nat.refresh()
  }

  /** A hub sees this box elsewhere than before: what is known is over, however young. */
  onMoved(): void {
    const { clock, nat } = this.#parts
    if (this.#moved !== null) return
    const waitMs = Math.max(0, this.#refreshedAtMs + movedGapMs - clock.nowMs())
    this.#moved = clock.after(waitMs, () => {
      this.#moved = null
      this.#refreshedAtMs = clock.nowMs()
      nat.refresh()
    })
  }

  [Symbol.dispose](): void {
    this.#moved?.()
  }

  #uplinks(): OwnUplink[] {
    const uplinks = this.#config?.uplinks ?? []
    return this.#places.flatMap(({ name, addresses }) => {
      const uplink = uplinks.find((one) => one.name === name)
      const number = this.#parts.numbers.numberOf(name)
      if (uplink === undefined || number === null) return []
      const { metered = false, kind = 'internet' } = uplink
      return [{ name, number, addresses, isMetered: metered, network: kind }]
    })
  }
}
