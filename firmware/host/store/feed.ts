/** Tells watches what is committed, each at its reader's pace, as far as it waits. Leaves to others what was before. */
import { CausewayError } from '../../model/errors.ts'
import { type Happening, mostWaiting, mostWaitingBytes, type Watch } from './store.ts'

export interface Feed {
  /** In the order of their revisions. */
  tell(happening: Happening): void
  /**
   * @param revision of what was told last
   * @param missed what was committed before that, and is of interest: in order; read when the reader begins
   */
  watch(prefix: string, missed: () => AsyncIterable<Happening>): Watch
  /** Ends all watches. */
  close(): void
}

interface Reader {
  readonly prefix: string
  readonly waiting: Happening[]
  waitingBytes: number
  state: 'open' | 'slow' | 'closed'
  wake: () => void
}

export function newFeed(): Feed {
  const readers = new Set<Reader>()
  const end = (reader: Reader, state: 'slow' | 'closed'): void => {
    readers.delete(reader)
    if (reader.state === 'open') reader.state = state
    reader.waiting.length = 0
    reader.wake()
  }
  return {
    tell: (happening) => {
      for (const reader of readers) {
        const own = below(reader.prefix, happening)
        if (own === null) continue
        const bytes = reader.waitingBytes + bytesOf(own)
        if (reader.waiting.length >= mostWaiting || bytes > mostWaitingBytes) end(reader, 'slow')
        else {
          reader.waiting.push(own)
          reader.waitingBytes = bytes
          reader.wake()
        }
      }
    },
    watch: (prefix, missed) => {
      const reader: Reader = {
        ...{ prefix, waiting: [], waitingBytes: 0, state: 'open', wake: () => {} },
      }
      readers.add(reader)
      return {
        [Symbol.dispose]: () => end(reader, 'closed'),
        [Symbol.asyncIterator]: () => read(reader, missed, () => end(reader, 'closed')),
      }
    },
    close: () => {
      for (const reader of [...readers]) end(reader, 'closed')
    },
  }
}

/** A watch is read once, by one reader. */
async function* read(
  reader: Reader,
  missed: () => AsyncIterable<Happening>,
  close: () => void,
): AsyncGenerator<Happening, void> {
  try {
    let told = 0
    for await (const happening of missed()) {
      if (reader.state === 'closed') return
      told = happening.revision
      const own = below(reader.prefix, happening)
      if (own !== null) yield own
    }
    for (;;) {
      const next = reader.waiting.shift()
      if (next !== undefined) {
        reader.waitingBytes -= bytesOf(next)
        if (next.revision > told) yield next
        continue
      }
      if (reader.state === 'closed') return
      if (reader.state === 'slow') throw behind()
      await new Promise<void>((resolve) => {
        reader.wake = resolve
      })
    }
  } finally {
    close()
  }
}

export function behind(): CausewayError {
  return new CausewayError(
    'STORE_COMPACTED',
    'what was committed since then is no longer known one by one: read the range again',
  )
}

/** As JavaScript counts them: twice as many at most. */
function bytesOf({ changes }: Happening): number {
  return changes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0)
}

/** Null when nothing of it is below the prefix. */
function below(prefix: string, { revision, changes }: Happening): Happening | null {
  const own = changes.filter(({ key }) => key.startsWith(prefix))
  return own.length === 0 ? null : { revision, changes: own }
}
