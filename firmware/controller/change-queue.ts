/**
 * Changes of a tenant's documents are thought through and done one after the other: each is judged by what those before it left.
 * Who only looks waits in another queue, and keeps nobody from changing. Of this process alone: several controllers on one store
 * would need a condition on the tenant's documents as a whole.
 */
import { CausewayError } from '../model/errors.ts'
import type { Fleets } from './fleets.ts'
import { newQueues, type Queues } from './queues.ts'

/** In one queue of one tenant: a change takes its time, and others have theirs. */
const mostWaiting = 8

interface Both {
  readonly changes: Queues
  readonly looks: Queues
}

/** Beside the fleets, for as long as they are there. */
const queuesOf = new WeakMap<Fleets, Both>()

/** @throws API_BUSY too many wait; what `work` throws */
export function changeInTurn<Result>(
  fleets: Fleets,
  tenant: string,
  work: () => Promise<Result>,
): Promise<Result> {
  return bothOf(fleets).changes(tenant, work)
}

/** @throws as `changeInTurn` */
export function lookInTurn<Result>(
  fleets: Fleets,
  tenant: string,
  work: () => Promise<Result>,
): Promise<Result> {
  return bothOf(fleets).looks(tenant, work)
}

function bothOf(fleets: Fleets): Both {
  const there = queuesOf.get(fleets)
  if (there !== undefined) return there
  const both = { changes: newQueues(mostWaiting, busy), looks: newQueues(mostWaiting, busy) }
  queuesOf.set(fleets, both)
  return both
}

function busy(tenant: string): CausewayError {
  return new CausewayError(
    'API_BUSY',
    `${mostWaiting} changes of ${tenant} are thought through already`,
  )
}
