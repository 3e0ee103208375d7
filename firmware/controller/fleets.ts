/**
 * The fleets of all tenants as they are in the store now, kept in memory by a watch, and what was computed from them last: a change
 * of a policy for a thousand boxes is then read, planned and published without reading or computing the rest of them again.
 */
import { newTurns } from '../host/clock/turn.ts'
import type { Happening, Store, Watch } from '../host/store/store.ts'
import { isEqual } from '../model/config-diff.ts'
import { CausewayError } from '../model/errors.ts'
import type { FleetDocument } from '../model/fleet.ts'
import { type FleetPlanner, type PlannedSite, planFleetLater } from '../plan/fleet.ts'
import { type FleetState, FleetView, fillView } from './fleet.ts'

/** Tenants that are kept; others are read anew. */
const mostTenants = 1_000
/** As it was, and as it is or will be. */
const mostPlanners = 2

interface Kept {
  readonly view: FleetView
  /** The last one first. */
  readonly planners: Planned[]
  /** What happened while it was read; null: it is there. */
  missed: Happening[] | null
  readonly isRead: Promise<void>
}

interface Planned extends Pick<FleetState, 'documents' | 'boxes' | 'allocations'> {
  readonly planner: FleetPlanner
}

export class Fleets implements AsyncDisposable {
  readonly store: Store
  readonly #tenants = new Map<string, Kept>()
  #watch: Watch | null = null
  #following: Promise<void> = Promise.resolve()
  /** All commits up to this one are in the views. */
  #seen = 0
  #waiting: (() => void)[] = []

  constructor(store: Store) {
    this.store = store
  }

  /** With all that was committed before this was asked. @throws STORE_ errors */
  async read(tenant: string): Promise<FleetState> {
    for (;;) {
      const revision = await this.store.revision()
      this.#watch ??= this.#follow(revision)
      const watch = this.#watch
      const kept = this.#keptOf(tenant)
      await kept.isRead
      while (this.#watch === watch && this.#seen < revision) {
        await new Promise<void>((wake) => this.#waiting.push(wake))
      }
      // Whoever ended the watch has forgotten what it kept.
      if (this.#watch === watch) return kept.view.state
    }
  }

  /** Kept for whoever applies it, or publishes it. @param documents those of the state, or others in their place */
  plan(tenant: string, state: FleetState, documents: readonly FleetDocument[]): FleetPlanner {
    const { boxes, allocations } = state
    const planner = this.look(tenant, state, documents)
    const planners = this.#tenants.get(tenant)?.planners ?? []
    planners.unshift({ documents, boxes, allocations, planner })
    planners.splice(mostPlanners)
    return planner
  }

  /** The same, for who only looks: it takes no room after that. */
  look(
    tenant: string,
    { boxes, allocations }: FleetState,
    documents: readonly FleetDocument[],
  ): FleetPlanner {
    const planners = this.#tenants.get(tenant)?.planners ?? []
    const same = planners.find(
      (one) =>
        one.boxes === boxes && one.allocations === allocations && isEqual(one.documents, documents),
    )
    return (
      same?.planner ?? planFleetLater(documents, boxes, allocations, planners[0]?.planner ?? null)
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch?.[Symbol.dispose]()
    await this.#following
  }

  #keptOf(tenant: string): Kept {
    const there = this.#tenants.get(tenant)
    if (there !== undefined) return there
    if (this.#tenants.size >= mostTenants) this.#tenants.delete([...this.#tenants.keys()][0]!)
    const view = new FleetView(tenant)
    const kept: Kept = { view, planners: [], missed: [], isRead: this.#fill(tenant, view) }
    this.#tenants.set(tenant, kept)
    return kept
  }

  async #fill(tenant: string, view: FleetView): Promise<void> {
    try {
      await fillView(this.store, tenant, view)
      const kept = this.#tenants.get(tenant)
      if (kept?.view !== view) return
      for (const happening of kept.missed ?? []) takeAll(view, happening)
      kept.missed = null
    } catch (error) {
      if (this.#tenants.get(tenant)?.view === view) this.#tenants.delete(tenant)
      throw error
    }
  }

  #follow(after: number): Watch {
    const watch = this.store.watch('', after)
    this.#seen = after
    this.#following = this.#take(watch)
    return watch
  }

  async #take(watch: Watch): Promise<void> {
    try {
      for await (const happening of watch) {
        for (const { view, missed } of this.#tenants.values()) {
          if (missed === null) takeAll(view, happening)
          else missed.push(happening)
        }
        this.#seen = happening.revision
        this.#wake()
      }
    } catch (error) {
      // Too slow: whoever reads next begins anew.
      if (!(error instanceof CausewayError)) throw error
    } finally {
      this.#watch = null
      this.#tenants.clear()
      this.#wake()
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

function takeAll(view: FleetView, { changes, revision }: Happening): void {
  for (const { key, value } of changes) view.take(key, value, revision)
}

/** All of its sites; links and other people have their turns meanwhile. */
export async function planSites(planner: FleetPlanner): Promise<PlannedSite[]> {
  const planned: PlannedSite[] = []
  const turn = newTurns()
  for (const site of planner.sites) {
    planned.push(planner.planSite(site))
    await turn()
  }
  return planned
}
