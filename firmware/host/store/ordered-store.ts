/**
 * A store on a table. Commits wait in one queue; all that wait are checked one after the other and written together, so
 * that one sync serves many.
 */
import { CausewayError } from '../../model/errors.ts'
import { backupLines, entriesOf } from './backup.ts'
import { checkCommit, checkKey, pageLimit } from './check.ts'
import { behind, newFeed } from './feed.ts'
import {
  dataPrefix,
  decodeChanges,
  decodeEntry,
  encodeChanges,
  encodeEntry,
  logKey,
  logPrefix,
  revisionKey,
  revisionOfLog,
  schema,
  schemaKey,
} from './layout.ts'
import {
  type Commit,
  type Entry,
  type Happening,
  keptCommits,
  type Page,
  type Range,
  type Store,
  type Watch,
} from './store.ts'
import type { Row, Table } from './table.ts'

/** Commits that wait. */
const mostPending = 4_096
/** Commits that are written together. */
const mostTogether = 256
/** Keys of which the revision is known without asking the table. */
const mostRevisions = 65_536
/** Of the log, beside `keptCommits`. */
const mostLogBytes = 64 * 1024 * 1024
const logPage = 100

interface Pending extends Commit {
  readonly resolve: (revision: number) => void
  readonly reject: (error: unknown) => void
}

interface Logged {
  readonly revision: number
  readonly bytes: number
}

/** @throws STORE_SCHEMA a later release wrote it; STORE_CORRUPT */
export async function openStore(table: Table): Promise<Store> {
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
  const log: Logged[] = []
  for await (const [key, value] of logRows(table, 0)) {
    log.push({ revision: revisionOfLog(key), bytes: Buffer.byteLength(value) })
  }
  return new OrderedStore(table, Number(revision ?? 0), log)
}

class OrderedStore implements Store {
  readonly #table: Table
  readonly #feed = newFeed()
  readonly #pending: Pending[] = []
  readonly #log: Logged[]
  #logBytes: number
  #revision: number
  /** Of keys that conditions asked about; 0: there is none. */
  readonly #revisions = new Map<string, number>()
  #writing: Promise<void> | null = null
  #isClosed = false

  constructor(table: Table, revision: number, log: Logged[]) {
    this.#table = table
    this.#revision = revision
    this.#log = log
    this.#logBytes = log.reduce((sum, { bytes }) => sum + bytes, 0)
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
    checkCommit(commit)
    if (this.#isClosed) throw new CausewayError('STORE_BUSY', 'the store is closed')
    if (this.#pending.length >= mostPending) {
      throw new CausewayError('STORE_BUSY', `${mostPending} commits wait already`)
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ ...commit, resolve, reject })
      this.#writing ??= this.#write()
    })
  }

  watch(prefix: string, afterRevision: number): Watch {
    // Whom the feed tells from now on; what was until now is in the log.
    const until = this.#revision
    return this.#feed.watch(prefix, () => this.#missed(afterRevision, until))
  }

  async *#missed(after: number, until: number): AsyncGenerator<Happening> {
    const oldest = this.#log[0]?.revision ?? this.#revision + 1
    if (after > until || (after < until && after + 1 < oldest)) throw behind()
    if (after === until) return
    let next = after + 1
    for await (const [key, value] of logRows(this.#table, after)) {
      const revision = revisionOfLog(key)
      if (revision > until) return
      // What the log has lost meanwhile.
      if (revision !== next++) throw behind()
      yield { revision, changes: decodeChanges(key, value) }
    }
    if (next <= until) throw behind()
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
      while (this.#pending.length > 0)
        await this.#writeTogether(this.#pending.splice(0, mostTogether))
    } finally {
      this.#writing = null
    }
  }

  /** Never fails: those who wait are told. */
  async #writeTogether(commits: readonly Pending[]): Promise<void> {
    try {
      const revisions = await this.#readRevisions(commits)
      const accepted = accept(commits, revisions, this.#revision)
      if (accepted.length === 0) return
      const changing = accepted.filter(({ commit }) => commit.changes.length > 0)
      const { rows, log } = this.#rowsOf(changing)
      try {
        if (changing.length > 0) await this.#table.write(rows)
      } catch (error) {
        this.#revisions.clear()
        for (const { commit } of accepted) commit.reject(error)
        return
      }
      this.#keepRevisions(changing)
      this.#keepLog(log)
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

  #rowsOf(accepted: readonly Accepted[]): { rows: [string, string | null][]; log: Logged[] } {
    const rows = new Map<string, string | null>()
    const log: Logged[] = []
    for (const { commit, revision } of accepted) {
      for (const { key, value } of commit.changes) {
        rows.set(dataPrefix + key, value === null ? null : encodeEntry({ value, revision }))
      }
      const text = encodeChanges(commit.changes)
      rows.set(logKey(revision), text)
      log.push({ revision, bytes: Buffer.byteLength(text) })
    }
    if (accepted.length > 0) rows.set(revisionKey, String(accepted.at(-1)!.revision))
    for (const { revision } of this.#log.slice(0, this.#excess(log)))
      rows.set(logKey(revision), null)
    return { rows: [...rows], log }
  }

  /** How many of the oldest must go so that these have room. */
  #excess(added: readonly Logged[]): number {
    let bytes = this.#logBytes + added.reduce((sum, { bytes }) => sum + bytes, 0)
    let count = 0
    while (
      count < this.#log.length &&
      (this.#log.length - count + added.length > keptCommits || bytes > mostLogBytes)
    ) {
      bytes -= this.#log[count++]!.bytes
    }
    return count
  }

  #keepLog(added: readonly Logged[]): void {
    const gone = this.#log.splice(0, this.#excess(added))
    this.#log.push(...added)
    const sum = (list: readonly Logged[]): number =>
      list.reduce((total, { bytes }) => total + bytes, 0)
    this.#logBytes += sum(added) - sum(gone)
  }
}

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

async function* logRows(table: Table, afterRevision: number): AsyncGenerator<Row> {
  let after = logKey(afterRevision)
  for (;;) {
    const rows = await table.scan(logPrefix, after, logPage)
    yield* rows
    if (rows.length < logPage) return
    after = rows.at(-1)![0]
  }
}
