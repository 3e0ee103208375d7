/**
 * Who commits to a tenant's log waits for those before: the log has one head, and of many who change it at once all but one would do
 * their work again. Of this process alone: other controllers on the same store are told apart by the head's revision.
 */
import type { Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import { newQueues, type Queues } from './queues.ts'

/** In one queue. */
const mostWaiting = 4_096

/** Beside the store, for as long as it is there: who finds the store finds its queues. */
const queuesOf = new WeakMap<Store, Queues>()

/** @throws STORE_BUSY too many wait; what `work` throws */
export function inTurn<Result>(
  store: Store,
  tenant: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const queues = queuesOf.get(store) ?? newQueues(mostWaiting, busy)
  queuesOf.set(store, queues)
  return queues(tenant, work)
}

function busy(): CausewayError {
  return new CausewayError('STORE_BUSY', `${mostWaiting} changes of the tenant wait already`)
}
