/** Where a build reads and writes, and the one time that it says. */
import { join } from 'node:path'
import { run } from './command.ts'

export interface Place {
  /** The project. */
  readonly source: string
  /** What may be thrown away and takes time to make again. */
  readonly cache: string
  /** Seconds since 1970: of all files and of what is written into them, so that two builds are one. */
  readonly epoch: number
}

/** The time is that of the last commit; outside of a clone it is to be given. @throws an error when there is none */
export async function placeHere(): Promise<Place> {
  const source = join(import.meta.dirname, '../..')
  const given = process.env['SOURCE_DATE_EPOCH']
  const text = given ?? (await run(['git', 'log', '-1', '--format=%ct'], { cwd: source }))
  const epoch = Number(text.trim())
  if (!Number.isSafeInteger(epoch) || epoch <= 0) throw new Error('SOURCE_DATE_EPOCH is no time')
  return { source, cache: join(source, '.cache/image'), epoch }
}
