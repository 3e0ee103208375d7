/**
 * Publishes to each box of a tenant what its documents say, as a signed configuration under `config/ID`. What a box is told changes
 * only when its text does. Each is committed as soon as it is there: the first boxes run it before the last are thought of; and
 * only while the box is the tenant's, as it was when it was thought of.
 */
import type { KeyObject } from 'node:crypto'
import { newTurns, otherTurns } from '../host/clock/turn.ts'
import { type Change, type Condition, mostValueBytes, type Store } from '../host/store/store.ts'
import { isEqual } from '../model/config-diff.ts'
import { revisionFloorKey } from '../model/controller-keys.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { CausewayError } from '../model/errors.ts'
import type { FleetSite } from '../model/fleet.ts'
import type { PlannedSite } from '../plan/fleet.ts'
import type { NewAllocation } from '../plan/fleet-allocation.ts'
import { type FleetProblem, nameOf } from '../plan/fleet-documents.ts'
import { gatherProblems } from '../plan/fleet-origin.ts'
import { canonicalJson } from '../plan/json-delta.ts'
import { signJws } from '../wire/jws.ts'
import type { Fleets } from './fleets.ts'
import { foreignBoxes } from './foreign-boxes.ts'
import { allocationKey, edgeKey, publishedKey } from './keys.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'
import { type PublishedBook, type PublishedConfig, textOf } from './published.ts'

export interface PublishResult {
  /** Boxes that are told something new. */
  readonly changed: number
  readonly problems: readonly FleetProblem[]
}

export interface PublishParts {
  readonly fleets: Fleets
  readonly signingKey: KeyObject
  readonly book: PublishedBook
  readonly ledger: Ledger
}

/** Boxes whose configurations are committed together. */
const together = 32
const togetherBytes = 448 * 1024
/** Commits that are under way. */
const mostFlying = 4

/** Safe to run twice at once: whoever is late fails with STORE_CONFLICT, and finds the next time that it is there. */
export async function publishFleet(parts: PublishParts, tenant: string): Promise<PublishResult> {
  const { fleets, ledger } = parts
  const { store } = fleets
  const state = await fleets.read(tenant)
  const planner = fleets.plan(tenant, state, state.documents)
  await keepAllocations(store, tenant, planner.allocations)
  const entries = await ledger.read()
  const floor = Number((await store.get(revisionFloorKey))?.value ?? 0)
  const problems: FleetProblem[] = [...planner.problems]
  const flights = new Flights(parts, entries, state.boxRevisions)
  const unplaced: FleetSite[] = []
  const turn = newTurns()
  for (const site of planner.sites) {
    await turn()
    const planned = planner.planSite(site)
    problems.push(...planned.problems)
    if (planned.deviceId === null && site.edge !== undefined) unplaced.push(site)
    const published = await nextFor(parts, entries, floor, tenant, planned)
    if (published === null) continue
    const text = textOf(published)
    if (Buffer.byteLength(text) > mostValueBytes) {
      const message = 'its configuration is too large: it has too many peers, or prefixes'
      problems.push({ code: 'FLEET_TOO_MANY', message, document: nameOf(site) })
      continue
    }
    await flights.add(published, text, planned.config!)
  }
  await flights.land()
  problems.push(...(await foreignBoxes(store, tenant, unplaced)))
  return { changed: flights.landed, problems: gatherProblems(problems) }
}

/** Null: there is no box, or it has been told this. */
async function nextFor(
  { signingKey, ledger }: PublishParts,
  entries: ReadonlyMap<string, LedgerEntry>,
  floor: number,
  tenant: string,
  { site, deviceId, config }: PlannedSite,
): Promise<PublishedConfig | null> {
  if (deviceId === null || config === null) return null
  const last = entries.get(deviceId)
  if (last?.planned === config) return null
  const before = last?.published
  const isSame = before?.tenant === tenant && isEqual({ ...before.config, revision: 0 }, config)
  if (isSame) return null
  const revision = (before?.revision ?? floor) + 1
  const next = { ...config, revision }
  for (const part of Object.values(config)) {
    const isPart = typeof part === 'object' && !ledger.texts.has(part)
    if (isPart) ledger.texts.set(part, canonicalJson(part))
  }
  const text = canonicalJson({ version: 1, deviceId, revision, config: next }, ledger.texts)
  const jws = await signJws('causeway-config', text, signingKey)
  return { deviceId, tenant, site, revision, config: next, jws }
}

type Made = readonly [published: PublishedConfig, planned: DeviceConfig]

/** Commits under way: what is ready is committed while what comes next is computed. */
class Flights {
  readonly #parts: PublishParts
  readonly #entries: Map<string, LedgerEntry>
  /** Of the boxes' own entries. */
  readonly #boxes: ReadonlyMap<string, number>
  /** Boxes that are told something new. */
  landed = 0
  readonly #flying = new Set<Promise<void>>()
  #changes: Change[] = []
  #made: Made[] = []
  #bytes = 0
  #failure: { readonly error: unknown } | null = null

  constructor(
    parts: PublishParts,
    entries: Map<string, LedgerEntry>,
    boxes: ReadonlyMap<string, number>,
  ) {
    this.#parts = parts
    this.#entries = entries
    this.#boxes = boxes
  }

  /** @throws why an earlier one could not be committed */
  async add(published: PublishedConfig, text: string, planned: DeviceConfig): Promise<void> {
    this.#changes.push({ key: publishedKey(published.deviceId), value: text })
    this.#made.push([published, planned])
    this.#bytes += text.length
    if (this.#changes.length < together && this.#bytes < togetherBytes) return
    this.#start()
    await otherTurns()
    if (this.#flying.size >= mostFlying) await Promise.race(this.#flying)
    if (this.#failure !== null) await this.land()
  }

  /** @throws why one could not be committed */
  async land(): Promise<void> {
    if (this.#failure === null) this.#start()
    await Promise.all(this.#flying)
    if (this.#failure !== null) throw this.#failure.error
  }

  #start(): void {
    if (this.#changes.length === 0) return
    const flight: Promise<void> = this.#commit(this.#changes, this.#made)
      .catch((error: unknown) => {
        this.#failure ??= { error }
        this.#parts.ledger.forget()
      })
      .finally(() => this.#flying.delete(flight))
    this.#flying.add(flight)
    this.#changes = []
    this.#made = []
    this.#bytes = 0
  }

  /**
   * A box that changed hands or its place meanwhile is left out: that change brings a round of its own. A release changes both of its
   * entries: the first that is not as it was is told.
   */
  async #commit(changes: readonly Change[], made: readonly Made[]): Promise<void> {
    if (made.length === 0) return
    const entries = this.#entries
    const { fleets, book } = this.#parts
    const conditions: Condition[] = made.flatMap(([{ deviceId }]) => [
      { key: edgeKey(deviceId), revision: this.#boxes.get(deviceId) ?? 0 },
      { key: publishedKey(deviceId), revision: entries.get(deviceId)?.entry ?? 0 },
    ])
    for (const [at, [published]] of made.entries()) book.begin(published, changes[at]!.value!)
    try {
      const entry = await fleets.store.commit({ conditions, changes })
      for (const [published, planned] of made) {
        const { deviceId } = published
        book.land(deviceId)
        // Others may have gone on from it already.
        if ((entries.get(deviceId)?.entry ?? 0) > entry) continue
        entries.set(deviceId, { entry, published, planned })
      }
      this.landed += made.length
    } catch (error) {
      for (const [{ deviceId }] of made) book.giveUp(deviceId)
      const isConflict = error instanceof CausewayError && error.code === 'STORE_CONFLICT'
      const at = made.findIndex(([{ deviceId }]) => isConflict && error.path === edgeKey(deviceId))
      if (at < 0) throw error
      await this.#commit(changes.toSpliced(at, 1), made.toSpliced(at, 1))
    }
  }
}

/** Each is given once: whoever else gave it meanwhile makes this fail. */
async function keepAllocations(
  store: Store,
  tenant: string,
  allocations: readonly NewAllocation[],
): Promise<void> {
  for (let at = 0; at < allocations.length; at += together) {
    const some = allocations.slice(at, at + together)
    const changes = some.map(({ name, value }) => ({ key: allocationKey(tenant, name), value }))
    await store.commit({ conditions: changes.map(({ key }) => ({ key, revision: 0 })), changes })
  }
}
