/** A tenant's documents in the store, with what was given out and the boxes that are there: what its configurations are computed from. */
import { entriesBelow } from '../host/store/entries-below.ts'
import type { Change, Store } from '../host/store/store.ts'
import type { FleetDocument } from '../model/fleet.ts'
import type { Box } from '../plan/fleet.ts'
import type { Allocations } from '../plan/fleet-allocation.ts'
import { nameOf } from '../plan/fleet-documents.ts'
import type { Edge } from './edges.ts'
import { allocationKey, documentKey, edgeKey } from './keys.ts'

/** All of a tenant, of about one moment. */
export interface FleetState {
  readonly documents: readonly FleetDocument[]
  readonly allocations: Allocations
  readonly boxes: readonly Box[]
  /** Of the entries of its boxes, by device id: for conditions. */
  readonly boxRevisions: ReadonlyMap<string, number>
  /** By document, `site/berlin`: for conditions. */
  readonly revisions: ReadonlyMap<string, number>
}

/** The same as entries of the store come, in any order. What did not change is the same object in the next state. */
export class FleetView {
  readonly #tenant: string
  readonly #documents = new Map<string, readonly [document: FleetDocument, revision: number]>()
  readonly #allocations = new Map<string, string>()
  readonly #boxes = new Map<string, readonly [box: Box, revision: number]>()
  #state: FleetState | null = null
  #isChanged = { documents: true, allocations: true, boxes: true }

  constructor(tenant: string) {
    this.#tenant = tenant
  }

  /** @param value null: it is gone */
  take(key: string, value: string | null, revision: number): void {
    const [doc, alloc, edge] = prefixesOf(this.#tenant)
    if (key.startsWith(doc)) this.#takeDocument(key.slice(doc.length), value, revision)
    else if (key.startsWith(alloc)) this.#takeAllocation(key.slice(alloc.length), value)
    else if (key.startsWith(edge)) this.#takeBox(key.slice(edge.length), value, revision)
  }

  get state(): FleetState {
    const { documents, allocations, boxes } = this.#isChanged
    const before = this.#state
    if (before !== null && !documents && !allocations && !boxes) return before
    const entries = sorted(this.#documents)
    const isAll = before === null
    this.#state = {
      documents: isAll || documents ? entries.map(([, [one]]) => one) : before.documents,
      revisions:
        isAll || documents
          ? new Map(entries.map(([, [one, revision]]) => [nameOf(one), revision]))
          : before.revisions,
      allocations: isAll || allocations ? new Map(sorted(this.#allocations)) : before.allocations,
      boxes: isAll || boxes ? sorted(this.#boxes).map(([, [box]]) => box) : before.boxes,
      boxRevisions:
        isAll || boxes
          ? new Map([...this.#boxes].map(([deviceId, [, revision]]) => [deviceId, revision]))
          : before.boxRevisions,
    }
    this.#isChanged = { documents: false, allocations: false, boxes: false }
    return this.#state
  }

  #takeDocument(name: string, value: string | null, revision: number): void {
    if (value === null) this.#documents.delete(name)
    else this.#documents.set(name, [JSON.parse(value) as FleetDocument, revision])
    this.#isChanged.documents = true
  }

  #takeAllocation(name: string, value: string | null): void {
    if (value === null) this.#allocations.delete(name)
    else this.#allocations.set(name, value)
    this.#isChanged.allocations = true
  }

  #takeBox(deviceId: string, value: string | null, revision: number): void {
    const edge = value === null ? null : (JSON.parse(value) as Edge)
    const isOwn = edge !== null && edge.tenant === this.#tenant && edge.wireKey !== null
    if (!isOwn && !this.#boxes.has(deviceId)) return
    if (isOwn) {
      const { site, claimedAt } = edge
      const box = { deviceId, wireKey: edge.wireKey!, site, claimedAt }
      this.#boxes.set(deviceId, [box, revision])
    } else this.#boxes.delete(deviceId)
    this.#isChanged.boxes = true
  }
}

function prefixesOf(tenant: string): readonly [documents: string, given: string, boxes: string] {
  return [documentKey(tenant, ''), allocationKey(tenant, ''), edgeKey('')]
}

export async function readFleet(store: Store, tenant: string): Promise<FleetState> {
  const view = new FleetView(tenant)
  await fillView(store, tenant, view)
  return view.state
}

/** With all that is there. */
export async function fillView(store: Store, tenant: string, view: FleetView): Promise<void> {
  for (const prefix of prefixesOf(tenant)) {
    for await (const { key, value, revision } of entriesBelow(store, prefix)) {
      view.take(key, value, revision)
    }
  }
}

/** Of documents, as they are to be. Null takes it away. */
export function documentChange(
  tenant: string,
  name: string,
  document: FleetDocument | null,
): Change {
  const value = document === null ? null : JSON.stringify(document)
  return { key: documentKey(tenant, name), value }
}

function sorted<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}
