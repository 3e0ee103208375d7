/** Where a build reads and writes. */
import { createServer } from 'node:net'
import { join } from 'node:path'

export interface Place {
  /** The project. */
  readonly source: string
  /** What may be thrown away and takes time to make again. */
  readonly cache: string
}

export function placeHere(): Place {
  const source = join(import.meta.dirname, '../..')
  return { source, cache: join(source, '.cache/image') }
}

/** Two builds at once would write one cache. Ends with the process (unix(7), abstract). @throws an error when another is under way */
export function claim({ cache }: Place): Promise<void> {
  const server = createServer((socket) => socket.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', () => reject(new Error(`another build is under way in ${cache}`)))
    server.listen(`\0causeway-image ${cache}`.slice(0, 100), () => resolve())
    server.unref()
  })
}
