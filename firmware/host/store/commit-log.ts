/**
 * The last commits as rows of a table, so that watches can be told of what they missed. Bounded in number and bytes: the oldest go first.
 * What is in it is known once it was kept; the rows are written with the commits themselves.
 */
import { behind } from './feed.ts'
import { decodeChanges, encodeChanges, logKey, logPrefix, revisionOfLog } from './layout.ts'
import { type Happening, keptCommits } from './store.ts'
import type { Row, Table } from './table.ts'

/** Beside `keptCommits`. */
const mostBytes = 64 * 1024 * 1024
const page = 100

interface Logged {
  readonly revision: number
  readonly bytes: number
}

export interface Logging {
  readonly rows: readonly (readonly [key: string, value: string | null])[]
  readonly added: readonly Logged[]
}

/** @throws what the table throws */
export async function readCommitLog(table: Table): Promise<CommitLog> {
  const logged: Logged[] = []
  for await (const [key, value] of rowsAfter(table, 0)) {
    logged.push({ revision: revisionOfLog(key), bytes: Buffer.byteLength(value) })
  }
  return new CommitLog(table, logged)
}

export class CommitLog {
  readonly #table: Table
  readonly #logged: Logged[]
  #bytes: number

  constructor(table: Table, logged: Logged[]) {
    this.#table = table
    this.#logged = logged
    this.#bytes = bytesOf(logged)
  }

  /** What is to be written with these commits: theirs, and what must go so that they have room. */
  log(commits: readonly Happening[]): Logging {
    const rows: [string, string | null][] = []
    const added: Logged[] = []
    for (const { revision, changes } of commits) {
      const text = encodeChanges(changes)
      rows.push([logKey(revision), text])
      added.push({ revision, bytes: Buffer.byteLength(text) })
    }
    for (const { revision } of this.#logged.slice(0, this.#excess(added))) {
      rows.push([logKey(revision), null])
    }
    return { rows, added }
  }

  /** They are written. */
  keep({ added }: Logging): void {
    const gone = this.#logged.splice(0, this.#excess(added))
    this.#logged.push(...added)
    this.#bytes += bytesOf(added) - bytesOf(gone)
  }

  /** @param until the last revision @throws STORE_COMPACTED some of it is no longer known, or will be only */
  async *between(after: number, until: number): AsyncGenerator<Happening> {
    const oldest = this.#logged[0]?.revision ?? until + 1
    if (after > until || (after < until && after + 1 < oldest)) throw behind()
    if (after === until) return
    let next = after + 1
    for await (const [key, value] of rowsAfter(this.#table, after)) {
      const revision = revisionOfLog(key)
      if (revision > until) return
      // What has gone meanwhile.
      if (revision !== next++) throw behind()
      yield { revision, changes: decodeChanges(key, value) }
    }
    if (next <= until) throw behind()
  }

  /** How many of the oldest must go so that these have room. */
  #excess(added: readonly Logged[]): number {
    let bytes = this.#bytes + bytesOf(added)
    let count = 0
    while (
      count < this.#logged.length &&
      (this.#logged.length - count + added.length > keptCommits || bytes > mostBytes)
    ) {
      bytes -= this.#logged[count++]!.bytes
    }
    return count
  }
}

function bytesOf(list: readonly Logged[]): number {
  return list.reduce((sum, { bytes }) => sum + bytes, 0)
}

async function* rowsAfter(table: Table, revision: number): AsyncGenerator<Row> {
  let after = logKey(revision)
  for (;;) {
    const rows = await table.scan(logPrefix, after, page)
    yield* rows
    if (rows.length < page) return
    after = rows.at(-1)![0]
  }
}
