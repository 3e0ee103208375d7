/**
 * A store of keys and values that many may read and change at once, and lose nothing: what etcd's KV gives (etcd v3 API,
 * "KV" and "Watch"), and no more than what an embedded store can give as well. There is one revision; each commit makes it
 * one more. What a value means is the caller's.
 */

/** A key and what is there since `revision`. */
export interface Entry {
  readonly key: string
  readonly value: string
  /** Of the commit that wrote it last. */
  readonly revision: number
}

/** Holds if the key was last written by that commit; 0: if there is no such key. */
export interface Condition {
  readonly key: string
  readonly revision: number
}

/** Null takes the key away. */
export interface Change {
  readonly key: string
  readonly value: string | null
}

export interface Commit {
  readonly conditions: readonly Condition[]
  readonly changes: readonly Change[]
}

export const noChange: Commit = { conditions: [], changes: [] }

export interface Range {
  readonly prefix: string
  /** Only keys behind this one: the last of the page before. */
  readonly after?: string
  /** Of one page, ≤ `mostPage`. */
  readonly limit?: number
}

export interface Page {
  /** In the order of their keys' UTF-8 bytes. */
  readonly entries: readonly Entry[]
  /** There is another page. Pages are of different moments: who needs one picture watches from the first page's revision. */
  readonly hasMore: boolean
  /** Of the moment of this page. */
  readonly revision: number
}

/** What one commit did below the watched prefix. */
export interface Happening {
  readonly revision: number
  readonly changes: readonly Change[]
}

export interface Watch extends AsyncIterable<Happening>, Disposable {}

export interface Store extends AsyncDisposable {
  /** Of the last commit; 0: there never was one. */
  revision(): Promise<number>
  get(key: string): Promise<Entry | null>
  range(range: Range): Promise<Page>
  /**
   * All of it or nothing; durable once it returns. A key is changed at most once.
   * @returns the revision that it made; of one that changes nothing, the last one, as in etcd
   * @throws STORE_CONFLICT a condition does not hold: `path` is its key; nothing has changed
   * @throws STORE_LIMIT, STORE_BUSY; STORE_WRITE_FAILED whether it is there is not known, and no other commit will be
   */
  commit(commit: Commit): Promise<number>
  /**
   * What is committed below `prefix` after `afterRevision`, in order and without gaps. Ends with STORE_COMPACTED when that is
   * no longer known, or when the reader is too slow: then the range is to be read again.
   */
  watch(prefix: string, afterRevision: number): Watch
  /** All of it, of one moment, as lines of text (backup.ts). */
  backup(): AsyncIterable<string>
}

/**
 * Limits of all stores. A commit holds the largest change of a fleet: 5,300 documents of 16 MiB in the place of as many others, each
 * with a condition. LevelDB takes 4,096 of 1.6 KB in 0.15 s; an etcd needs `--max-txn-ops` and `--max-request-bytes` for it.
 */
export const mostKeyBytes = 512
export const mostValueBytes = 512 * 1024
export const mostCommitBytes = 24 * 1024 * 1024
/** With the conditions. */
export const mostChanges = 24_000
export const mostPage = 1_000
/** Happenings that wait for the reader of a watch, and what they hold. */
export const mostWaiting = 1_000
export const mostWaitingBytes = 64 * 1024 * 1024
/** Commits of which watches can still be told. */
export const keptCommits = 10_000
