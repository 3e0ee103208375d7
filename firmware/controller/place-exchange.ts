/**
 * Tells boxes that no endpoint leads to where the others are. Each says by its link where it can be called, and which peers it has
 * no session with; both ends of such a pair are told within the same second, so that both call, and each opens its NAT to the other.
 *
 * Who is told of whom: boxes of one tenant that have links now, each in the other's published configuration without an endpoint.
 * What it costs: a box is looked at when it asks, ten seconds apart but for the first few times, and a pair is an entry of 120 bytes
 * at either end, sent with up to 63 others, once a second. A thousand links that come back ask for nobody while their sessions run.
 * A mesh of 512 boxes that all begin at once is 131,000 pairs: 30 MB, over 8 s. Only the newest word of each box is kept.
 */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import { type ControllerMessage, type EdgeMessage, mostToldPeers } from '../model/control-link.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { type Bucket, openBucket } from '../plan/rate-limit.ts'

/** As far as it matters here. */
export interface PublishedPeers {
  readonly tenant: string
  readonly config: Pick<DeviceConfig, 'peers'>
}

/** A box as it is registered: null without a wire key yet. */
export interface PlacedBox {
  readonly deviceId: string
  readonly tenant: string
  readonly wireKey: string | null
}

type PeerPlaces = Extract<ControllerMessage, { kind: 'peer-places' }>
type PlacesMessage = Extract<EdgeMessage, { kind: 'places' }>

interface Member {
  readonly box: PlacedBox & { readonly wireKey: string }
  /** False: not now. */
  readonly tell: (message: PeerPlaces) => boolean
  readonly bucket: Bucket
  places: PlacesMessage['places']
  /** Peers that it asks for, and has not been put through to; null: it asks for none. */
  wanted: readonly string[] | null
  /** Peers that it is to be told of: at most those of its configuration. */
  readonly due: Set<string>
}

const tickMs = 1_000
/** Of a box's questions: whoever makes others call somewhere does not do so without end. */
const askRate = { perSecond: 0.1, burst: 6 }

export class PlaceExchange implements Disposable {
  readonly #clock: Clock
  readonly #published: (deviceId: string) => PublishedPeers | null
  readonly #members = new Map<string, Member>()
  /** By tenant and wire key. */
  readonly #byKey = new Map<string, Member>()
  /** Those that ask, and those that are to be told something. */
  readonly #asking = new Set<Member>()
  readonly #due = new Set<Member>()
  readonly #counts = { told: 0, refused: 0 }
  /** Peers without an endpoint, by configuration. */
  readonly #callable = new WeakMap<PublishedPeers['config'], ReadonlySet<string>>()
  #timer: CancelTimer | null = null

  /** @param published what was published for a box last; null: nothing */
  constructor(clock: Clock, published: (deviceId: string) => PublishedPeers | null) {
    this.#clock = clock
    this.#published = published
  }

  /** Peers that boxes were told of; and that they asked for and that are none of theirs, or have an endpoint. */
  get counts(): Readonly<Record<'told' | 'refused', number>> {
    return { ...this.#counts }
  }

  /**
   * It has a link from now on; of a link that it had before nothing is left.
   * @param tell says it to the box; false: not now
   */
  attach({ deviceId, tenant, wireKey }: PlacedBox, tell: Member['tell']): void {
    this.detach(deviceId)
    if (wireKey === null) return
    const bucket = openBucket(askRate, this.#clock.nowMs())
    const box = { deviceId, tenant, wireKey }
    const member: Member = { box, tell, bucket, places: [], wanted: null, due: new Set() }
    this.#members.set(deviceId, member)
    this.#byKey.set(keyOf(tenant, wireKey), member)
  }

  detach(deviceId: string): void {
    const member = this.#members.get(deviceId)
    if (member === undefined) return
    const { tenant, wireKey } = member.box
    this.#members.delete(deviceId)
    this.#asking.delete(member)
    this.#due.delete(member)
    const key = keyOf(tenant, wireKey)
    if (this.#byKey.get(key) === member) this.#byKey.delete(key)
  }

  onPlaces(deviceId: string, { places, wanted }: PlacesMessage): void {
    const member = this.#members.get(deviceId)
    if (member === undefined) return
    member.places = places
    member.wanted = wanted.length === 0 ? null : wanted
    if (member.wanted === null) this.#asking.delete(member)
    else this.#asking.add(member)
    this.#tickLater()
  }

  [Symbol.dispose](): void {
    this.#timer?.()
  }

  #tickLater(): void {
    if (this.#timer !== null || this.#asking.size + this.#due.size === 0) return
    this.#timer = this.#clock.after(tickMs, () => {
      this.#timer = null
      const nowMs = this.#clock.nowMs()
      for (const member of [...this.#asking]) if (member.bucket.take(nowMs)) this.#pair(member)
      for (const member of [...this.#due]) this.#tell(member)
      this.#tickLater()
    })
  }

  #pair(member: Member): void {
    const { wanted, box } = member
    member.wanted = null
    this.#asking.delete(member)
    for (const key of wanted ?? []) {
      const other = this.#byKey.get(keyOf(box.tenant, key))
      if (other === undefined || other === member) continue
      if (!this.#mayCall(box, key) || !this.#mayCall(other.box, box.wireKey)) {
        this.#counts.refused++
        continue
      }
      this.#tellLater(member, other)
      this.#tellLater(other, member)
    }
  }

  #tellLater(member: Member, other: Member): void {
    if (other.places.length === 0) return
    member.due.add(other.box.wireKey)
    this.#due.add(member)
  }

  /** Whether its owner has this peer in its configuration, with nowhere to call it. */
  #mayCall({ deviceId, tenant }: PlacedBox, wireKey: string): boolean {
    const published = this.#published(deviceId)
    if (published?.tenant !== tenant) return false
    const { config } = published
    const known = this.#callable.get(config) ?? callableOf(config)
    this.#callable.set(config, known)
    return known.has(wireKey)
  }

  /** What was asked for first, first. */
  #tell(member: Member): void {
    const { box, due, tell } = member
    const keys = [...due].slice(0, mostToldPeers)
    const peers = keys.flatMap((wireKey) => {
      const places = this.#byKey.get(keyOf(box.tenant, wireKey))?.places ?? []
      return places.length === 0 ? [] : [{ wireKey, places }]
    })
    if (peers.length > 0 && !tell({ kind: 'peer-places', peers })) return
    for (const key of keys) due.delete(key)
    if (due.size === 0) this.#due.delete(member)
    this.#counts.told += peers.length
  }
}

function callableOf({ peers }: PublishedPeers['config']): ReadonlySet<string> {
  return new Set(peers.flatMap((one) => (one.endpoints.length === 0 ? [one.wireKey] : [])))
}

function keyOf(tenant: string, wireKey: string): string {
  return `${tenant} ${wireKey}`
}
