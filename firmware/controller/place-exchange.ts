/**
 * Tells boxes that no endpoint leads to where the others are. Each says by its link where it can be called, and which peers it has
 * no session with; both ends of such a pair are told within the same second, so that both call, and each opens its NAT to the other.
 *
 * Who is told of whom: boxes of one tenant that have links now, each in the other's published configuration without an endpoint.
 * What it costs: a box is looked at when it asks, ten seconds apart but for the first few times, and a pair is an entry of 120 bytes
 * at either end, sent with up to 63 others, once a second. A thousand links that come back ask for nobody while their sessions run.
 * A mesh of 512 boxes that all begin at once is 131,000 pairs: 30 MB over 8 s, and 0.2 s of a core in the worst of them. Only the newest word
 * of each box is kept.
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
  /** Peers that it asks for, and has not been put through to. */
  readonly wanted: Set<string>
  /** Peers that it is to be told of: at most those of its configuration. */
  readonly due: Set<string>
}

const tickMs = 1_000
/** Of a box's questions: whoever makes others call somewhere does not do so without end. */
const askRate = { perSecond: 0.1, burst: 6 }
/** Peers asked for that are looked at in one go: 20 ms. Who asks for more of them has the next second. */
const mostAsked = 32_768

const nobody: ReadonlySet<string> = new Set()

export class PlaceExchange implements Disposable {
  readonly #clock: Clock
  readonly #published: (deviceId: string) => PublishedPeers | null
  readonly #members = new Map<string, Member>()
  /** By tenant, and wire key. */
  readonly #byKey = new Map<string, Map<string, Member>>()
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
    const member: Member = { box, tell, bucket, places: [], wanted: new Set(), due: new Set() }
    this.#members.set(deviceId, member)
    this.#byKey.set(tenant, (this.#byKey.get(tenant) ?? new Map()).set(wireKey, member))
  }

  detach(deviceId: string): void {
    const member = this.#members.get(deviceId)
    if (member === undefined) return
    const { tenant, wireKey } = member.box
    this.#members.delete(deviceId)
    this.#asking.delete(member)
    this.#due.delete(member)
    const ofTenant = this.#byKey.get(tenant)
    if (ofTenant?.get(wireKey) === member) ofTenant.delete(wireKey)
    if (ofTenant?.size === 0) this.#byKey.delete(tenant)
  }

  onPlaces(deviceId: string, { places, wanted }: PlacesMessage): void {
    const member = this.#members.get(deviceId)
    if (member === undefined) return
    member.places = places
    member.wanted.clear()
    for (const key of wanted) member.wanted.add(key)
    if (wanted.length === 0) this.#asking.delete(member)
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
      let left = mostAsked
      for (const member of [...this.#asking]) {
        if (left <= 0) break
        if (!member.bucket.take(nowMs)) continue
        left -= member.wanted.size
        this.#pair(member)
      }
      for (const member of [...this.#due]) this.#tell(member)
      this.#tickLater()
    })
  }

  #pair(member: Member): void {
    const { wanted, box } = member
    this.#asking.delete(member)
    const mayCall = this.#callableFor(box)
    const ofTenant = this.#byKey.get(box.tenant)
    for (const key of wanted) {
      const other = ofTenant?.get(key)
      if (other === undefined || other === member) continue
      if (!mayCall.has(key) || !this.#callableFor(other.box).has(box.wireKey)) {
        this.#counts.refused++
        continue
      }
      this.#tellLater(member, other)
      this.#tellLater(other, member)
      // What one asked for need not be asked by the other.
      other.wanted.delete(box.wireKey)
    }
    wanted.clear()
  }

  #tellLater(member: Member, other: Member): void {
    if (other.places.length === 0) return
    member.due.add(other.box.wireKey)
    this.#due.add(member)
  }

  /** Keys of the peers that it has in its configuration with nowhere to call them. */
  #callableFor({ deviceId, tenant }: PlacedBox): ReadonlySet<string> {
    const published = this.#published(deviceId)
    if (published?.tenant !== tenant) return nobody
    const known = this.#callable.get(published.config)
    if (known !== undefined) return known
    const made = callableOf(published.config)
    this.#callable.set(published.config, made)
    return made
  }

  /** What was asked for first, first. */
  #tell(member: Member): void {
    const { box, due, tell } = member
    const keys = [...due].slice(0, mostToldPeers)
    const peers = keys.flatMap((wireKey) => {
      const places = this.#byKey.get(box.tenant)?.get(wireKey)?.places ?? []
      return places.length === 0 ? [] : [{ wireKey, places }]
    })
    if (peers.length > 0 && !tell({ kind: 'peer-places', peers })) return
    for (const key of keys) due.delete(key)
    if (due.size === 0) this.#due.delete(member)
    this.#counts.told += peers.length
  }
}

function callableOf({ peers }: PublishedPeers['config']): ReadonlySet<string> {
  const callable = new Set<string>()
  for (const { wireKey, endpoints } of peers) if (endpoints.length === 0) callable.add(wireKey)
  return callable
}
