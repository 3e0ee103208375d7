/**
 * A store on a table. Commits wait in one queue; all that wait are checked one after the other and written together, so
 * that one sync serves many. A write that failed is the last: what the table would make of others behind it is not known.
 */
import { CausewayError } from '../../model/errors.ts'
import { backupLines, entriesOf } from './backup.ts'
import { checkCommit, checkKey, pageLimit } from './check.ts'
import { type CommitLog, type Logging, readCommitLog } from './commit-log.ts'
import { newFeed } from './feed.ts'
import { dataPrefix, decodeEntry, encodeEntry, revisionKey, schema, schemaKey } from './layout.ts'
import type { Commit, Entry, Page, Range, Store, Watch } from './store.ts'
import type { Table } from './table.ts'

/** Commits that wait. */
const mostPending = 4_096
const mostPendingBytes = 64 * 1024 * 1024
/** Commits that are written together; one alone may have more bytes. */
const mostTogether = 256
const mostTogetherBytes = 8 * 1024 * 1024
/** Keys of which the revision is known without asking the table. */
const mostRevisions = 65_536

interface Pending extends Commit {
  readonly bytes: number
  readonly resolve: (revision: number) => void
  readonly reject: (error: unknown) => void
}

/**
 * @param onFailed a write has failed, for the first time: all commits fail from now on, until the table is closed and opened anew
 * @throws STORE_SCHEMA a later release wrote it; STORE_CORRUPT
 */
export async function openStore(
  table: Table,
  onFailed: (error: CausewayError) => void = () => {},
): Promise<Store> {
  const [found, revision] = await table.getMany([schemaKey, revisionKey])
  if (found !== undefined && Number(found) !== schema) {
    const message = `the store has schema ${found}, this release knows ${schema}: use the release that wrote it`
    throw new CausewayError('STORE_SCHEMA', message)
  }
  if (found === undefined) {
    const [row] = await table.scan('', null, 1)
    if (row !== undefined)
      throw new CausewayError('STORE_CORRUPT', 'a restore of the store did not end')
    await table.write([[schemaKey, String(schema)]])
  }
  return openRows(table, Number(revision ?? 0), onFailed)
}

/** What a restore has put there (backup.ts), for whoever settles it; for others it is no store yet. @throws STORE_CORRUPT */
export async function openRestored(table: Table): Promise<Store> {
  const [revision] = await table.getMany([revisionKey])
  return openRows(table, Number(revision ?? 0), () => {})
}

async function openRows(
  table: Table,
  revision: number,
  onFailed: (error: CausewayError) => void,
): Promise<Store> {
  return new OrderedStore(table, revision, await readCommitLog(table), onFailed)
}

class OrderedStore implements Store {
  readonly #table: Table
  readonly #feed = newFeed()
  readonly #pending: Pending[] = []
  #pendingBytes = 0
  readonly #log: CommitLog
  readonly #onFailed: (error: CausewayError) => void
  #revision: number
  /** Of keys that conditions asked about; 0: there is none. */
  readonly #revisions = new Map<string, number>()
  #writing: Promise<void> | null = null
  #isClosed = false
  #failure: CausewayError | null = null

  constructor(
    table: Table,
    revision: number,
    log: CommitLog,
    onFailed: (error: CausewayError) => void,
  ) {
    this.#table = table
    this.#revision = revision
    this.#log = log
    this.#onFailed = onFailed
  }

  async revision(): Promise<number> {
    return this.#revision
  }

  async get(key: string): Promise<Entry | null> {
    checkKey(key)
    const [row] = await this.#table.getMany([dataPrefix + key])
    return row === undefined ? null : decodeEntry(key, row)
  }

  async range(range: Range): Promise<Page> {
    const limit = pageLimit(range)
    const { prefix, after } = range
    // Before the rows: a watch from here on may tell again of what they show already, and misses nothing.
    const revision = this.#revision
    const behindKey = after === undefined ? null : dataPrefix + after
    const rows = await this.#table.scan(dataPrefix + prefix, behindKey, limit + 1)
    const entries = rows
      .slice(0, limit)
      .map(([key, row]) => decodeEntry(key.slice(dataPrefix.length), row))
    return { entries, hasMore: rows.length > limit, revision }
  }

  async commit(commit: Commit): Promise<number> {
    const bytes = checkCommit(commit)
    if (this.#isClosed) throw new CausewayError('STORE_BUSY', 'the store is closed')
    if (this.#failure !== null) throw this.#failure
    if (this.#pending.length >= mostPending) {
      throw new CausewayError('STORE_BUSY', `${mostPending} commits wait already`)
    }
    if (this.#pendingBytes + bytes > mostPendingBytes) {
      throw new CausewayError('STORE_BUSY', `${this.#pendingBytes} bytes wait already`)
    }
    this.#pendingBytes += bytes
    return new Promise((resolve, reject) => {
      this.#pending.push({ ...commit, bytes, resolve, reject })
      this.#writing ??= this.#write()
    })
  }

  watch(prefix: string, afterRevision: number): Watch {
    // Whom the feed tells from now on; what was until now is in the log.
    const until = this.#revision
    return this.#feed.watch(prefix, () => this.#log.between(afterRevision, until))
  }

  backup(): AsyncIterable<string> {
    return backupLines(entriesOf(this.#table.rows(dataPrefix)), this.#revision)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    while (this.#writing !== null) await this.#writing
    this.#feed.close()
    await this.#table.close()
  }

  async #write(): Promise<void> {
    try {
      while (this.#pending.length > 0) await this.#writeTogether(this.#takeTogether())
    } finally {
      this.#writing = null
    }
  }

  #takeTogether(): Pending[] {
    let [count, bytes] = [0, 0]
    do bytes += this.#pending[count++]!.bytes
    while (
      count < Math.min(mostTogether, this.#pending.length) &&
      bytes + this.#pending[count]!.bytes <= mostTogetherBytes
    )
    this.#pendingBytes -= bytes
    return this.#pending.splice(0, count)
  }

  /** Never fails: those who wait are told. */
  async #writeTogether(commits: readonly Pending[]): Promise<void> {
    try {
      const revisions = await this.#readRevisions(commits)
      const accepted = accept(commits, revisions, this.#revision)
      if (accepted.length === 0) return
      const changing = accepted.filter(({ commit }) => commit.changes.length > 0)
      const { rows, logging } = this.#rowsOf(changing)
      try {
        if (changing.length > 0) await this.#table.write(rows)
      } catch (error) {
        this.#fail(error)
        for (const { commit } of accepted) commit.reject(error)
        return
      }
      this.#keepRevisions(changing)
      this.#log.keep(logging)
      for (const { commit, revision } of accepted) {
        this.#revision = revision
        if (commit.changes.length > 0) this.#feed.tell({ revision, changes: commit.changes })
        commit.resolve(revision)
      }
    } catch (error) {
      for (const commit of commits) commit.reject(error)
    }
  }

  async #readRevisions(commits: readonly Pending[]): Promise<Map<string, number>> {
    const keys = [...new Set(commits.flatMap(({ conditions }) => conditions.map(({ key }) => key)))]
    const unknown = keys.filter((key) => !this.#revisions.has(key))
    if (unknown.length > 0) {
      const rows = await this.#table.getMany(unknown.map((key) => dataPrefix + key))
      for (const [at, key] of unknown.entries()) {
        const row = rows[at]
        this.#revisions.set(key, row === undefined ? 0 : decodeEntry(key, row).revision)
      }
    }
    return new Map(keys.map((key) => [key, this.#revisions.get(key)!]))
  }

  /** Nobody else writes here: what was read or written stays known. */
  #keepRevisions(accepted: readonly Accepted[]): void {
    for (const { commit, revision } of accepted) {
      for (const { key, value } of commit.changes) {
        if (this.#revisions.has(key)) this.#revisions.set(key, value === null ? 0 : revision)
      }
    }
    // All at once, and seldom: they are read again.
    if (this.#revisions.size > mostRevisions) this.#revisions.clear()
  }

  #rowsOf(accepted: readonly Accepted[]): { rows: Changed[]; logging: Logging } {
    const rows = new Map<string, string | null>()
    for (const { commit, revision } of accepted) {
      for (const { key, value } of commit.changes) {
        rows.set(dataPrefix + key, value === null ? null : encodeEntry({ value, revision }))
      }
    }
    const happened = accepted.map(({ commit, revision }) => ({ revision, changes: commit.changes }))
    const logging = this.#log.log(happened)
    if (accepted.length > 0) rows.set(revisionKey, String(accepted.at(-1)!.revision))
    return { rows: [...rows, ...logging.rows], logging }
  }

  /** What waits fails too: LevelDB's log may be out of step with what it would write behind this. */
  #fail(error: unknown): void {
    if (!(error instanceof CausewayError)) throw error
    this.#failure = error
    for (const { reject } of this.#pending.splice(0)) reject(error)
    this.#pendingBytes = 0
    this.#onFailed(error)
  }
}

type Changed = readonly [key: string, value: string | null]

interface Accepted {
  readonly commit: Pending
  readonly revision: number
}

/** In order, each as if those before it were there already. Who is refused is told at once. @param revisions is brought up to date */
function accept(
  commits: readonly Pending[],
  revisions: Map<string, number>,
  revision: number,
): Accepted[] {
  const accepted: Accepted[] = []
  let last = revision
  for (const commit of commits) {
    const broken = commit.conditions.find(
      ({ key, revision: asked }) => revisions.get(key) !== asked,
    )
    if (broken !== undefined) {
      const message = `${broken.key} is not as it was: read it again`
      commit.reject(new CausewayError('STORE_CONFLICT', message, { path: broken.key }))
      continue
    }
    if (commit.changes.length > 0) last++
    accepted.push({ commit, revision: last })
    for (const { key, value } of commit.changes) {
      if (revisions.has(key)) revisions.set(key, value === null ? 0 : last)
    }
  }
  return accepted
}
