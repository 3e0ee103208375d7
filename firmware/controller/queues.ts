/** Of those who want the same thing one goes after another, and not too many wait. Of this process alone. */
import type { CausewayError } from '../model/errors.ts'

interface Queue {
  /** Never fails. */
  last: Promise<unknown>
  /** With the one whose turn it is. */
  waiting: number
}

/** Does `work` after what was asked for under the same name before. @throws what `work` throws; that too many wait */
export type Queues = <Result>(name: string, work: () => Promise<Result>) => Promise<Result>

/** @param most in the queue of one name, with the one whose turn it is */
export function newQueues(most: number, busy: (name: string) => CausewayError): Queues {
  const queues = new Map<string, Queue>()
  return async (name, work) => {
    const queue = queues.get(name) ?? { last: Promise.resolve(), waiting: 0 }
    if (queue.waiting >= most) throw busy(name)
    queues.set(name, queue)
    queue.waiting++
    const done = queue.last.then(work)
    queue.last = done.catch(() => {})
    try {
      return await done
    } finally {
      if (--queue.waiting === 0) queues.delete(name)
    }
  }
}
