/**
 * What a box says, one message after the other: the next is looked at once the one before has been dealt with. Bounded in number, size
 * and pace; a box that says more than that is no box, and nobody listens to it any more.
 */

export interface InboxParts {
  /** Never fails for what a box can have said. */
  readonly handle: (text: string) => Promise<void>
  /** Whether one more may be said now; then it counts. */
  readonly mayTake: () => boolean
  readonly onFlood: () => void
}

/** While the store is slow, a box may say what it always does. */
const mostWaiting = 32
/** The longest message of a box names 512 peers. */
const mostLength = 64 * 1024

export class Inbox {
  readonly #parts: InboxParts
  #waiting = 0
  #taking: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(parts: InboxParts) {
    this.#parts = parts
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  take(text: string): void {
    if (this.#isClosed) return
    const { handle, mayTake, onFlood } = this.#parts
    if (this.#waiting >= mostWaiting || text.length > mostLength || !mayTake()) {
      this.#isClosed = true
      onFlood()
      return
    }
    this.#waiting++
    this.#taking = this.#taking.then(async () => {
      if (!this.#isClosed) await handle(text)
      this.#waiting--
    })
  }

  /** Nothing is taken any more, nor what waits. */
  close(): void {
    this.#isClosed = true
  }
}
