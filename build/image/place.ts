/** Where a build reads and writes. */
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
