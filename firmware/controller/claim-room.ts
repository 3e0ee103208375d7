/**
 * Room for devices that nobody owns: so many wait, so many of one place, and more find room all the same, since others give way
 * to them: of one's own place where that has its share, else of the place that takes most; what is over first, then what is not
 * opened, the oldest first. Who gives way begins anew. Kept are those that somebody has typed codes for. Whose device a tenant
 * has already needs no room. What is in memory is a guess that the store is asked about before anything goes.
 */
import type { Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import { claimMs } from '../plan/claim.ts'
import { type KeptClaim, listClaims, readClaim, removeClaim } from './claims.ts'

const mostClaims = 1_000
const mostOfSource = 200
/** Looked at for one that gives way. */
const mostLooks = 20

interface Place {
  readonly deviceId: string
  readonly source: string
  readonly offeredMs: number
  readonly isOpened: boolean
  /** Not to be asked about again before. */
  keptUntilMs: number
}

export class ClaimRoom {
  readonly #store: Store
  #places: Promise<Map<string, Place>> | null = null

  constructor(store: Store) {
    this.#store = store
  }

  /** It is, or will be, in the store like this. @throws ZTP_BUSY too many wait, and nobody can give way */
  async admit(claim: KeptClaim, nowMs: number): Promise<void> {
    this.#places ??= this.#read().catch((error: unknown) => {
      this.#places = null
      throw error
    })
    const places = await this.#places
    const { deviceId, source, offeredMs, state } = claim
    const isThere = places.delete(deviceId)
    if (source === null) return
    if (!isThere) await this.#makeRoom(places, source, nowMs)
    const isOpened = state !== 'offered'
    places.set(deviceId, { deviceId, source, offeredMs, isOpened, keptUntilMs: 0 })
  }

  async #makeRoom(places: Map<string, Place>, source: string, nowMs: number): Promise<void> {
    const own = [...places.values()].filter((one) => one.source === source)
    const isOwnFull = own.length >= mostOfSource
    if (!isOwnFull && places.size < mostClaims) return
    let looks = 0
    for (const place of inOrder(isOwnFull ? own : [...places.values()], nowMs)) {
      if (place.keptUntilMs > nowMs) continue
      if (await this.#giveWay(places, place, nowMs)) return
      if (++looks === mostLooks) break
    }
    throw new CausewayError('ZTP_BUSY', 'too many devices wait to be claimed')
  }

  /** Whether it is gone. */
  async #giveWay(places: Map<string, Place>, place: Place, nowMs: number): Promise<boolean> {
    const found = await readClaim(this.#store, place.deviceId)
    if (found !== null) {
      const { offeredMs, lockedUntilMs, state, tries } = found.claim
      const overMs = Math.max(offeredMs + 2 * claimMs, lockedUntilMs)
      if (nowMs <= overMs && (state === 'claimed' || tries > 0)) {
        place.keptUntilMs = overMs + 1
        return false
      }
      try {
        await removeClaim(this.#store, found)
      } catch (error) {
        if (error instanceof CausewayError && error.code === 'STORE_CONFLICT') return false
        throw error
      }
    }
    return places.delete(place.deviceId)
  }

  async #read(): Promise<Map<string, Place>> {
    const claims = (await listClaims(this.#store)).toSorted((a, b) => a.offeredMs - b.offeredMs)
    return new Map(
      claims.flatMap(({ deviceId, source, offeredMs, state }) => {
        const isOpened = state !== 'offered'
        const place = { deviceId, source: source ?? '', offeredMs, isOpened, keptUntilMs: 0 }
        return source === null ? [] : [[deviceId, place]]
      }),
    )
  }
}

/** Who gives way first. */
function inOrder(places: readonly Place[], nowMs: number): Place[] {
  const counts = new Map<string, number>()
  for (const { source } of places) counts.set(source, (counts.get(source) ?? 0) + 1)
  const isOver = ({ offeredMs }: Place): boolean => nowMs > offeredMs + 2 * claimMs
  return places.toSorted(
    (a, b) =>
      Number(isOver(b)) - Number(isOver(a)) ||
      counts.get(b.source)! - counts.get(a.source)! ||
      Number(a.isOpened) - Number(b.isOpened) ||
      a.offeredMs - b.offeredMs,
  )
}
