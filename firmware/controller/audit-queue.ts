/**
 * Who commits to a tenant's log waits for those before: the log has one head, and of many who change it at once all but one would do
 * their work again. Of this process alone: other controllers on the same store are told apart by the head's revision.
 */
import type { Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'

/** In one queue. */
const mostWaiting = 4_096

interface Queue {
  /** Never fails. */
  last: Promise<unknown>
  waiting: number
}

/** Beside the store, for as long as it is there: who finds the store finds its queues. */
const queuesOf = new WeakMap<Store, Map<string, Queue>>()

/** @throws STORE_BUSY too many wait; what `work` throws */
export async function inTurn<Result>(
  store: Store,
  tenant: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const queues = queuesOf.get(store) ?? new Map<string, Queue>()
  queuesOf.set(store, queues)
  const queue = queues.get(tenant) ?? { last: Promise.resolve(), waiting: 0 }
  if (queue.waiting >= mostWaiting) {
    throw new CausewayError('STORE_BUSY', `${mostWaiting} changes of the tenant wait already`)
  }
  queues.set(tenant, queue)
  queue.waiting++
  const done = queue.last.then(work)
  queue.last = done.catch(() => {})
  try {
    return await done
  } finally {
    if (--queue.waiting === 0) queues.delete(tenant)
  }
}
