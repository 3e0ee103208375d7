/**
 * A store as lines of text: a head, a line an entry, and an end with the SHA-256 of all before it, so that half a backup is
 * known for what it is. Values are as they are in the store: whoever has the backup has them.
 */
import { createHash } from 'node:crypto'
import { CausewayError } from '../../model/errors.ts'
import { checkKey } from './check.ts'
import { dataPrefix, decodeEntry, encodeEntry, revisionKey, schema, schemaKey } from './layout.ts'
import { type Entry, mostValueBytes } from './store.ts'
import type { Table } from './table.ts'

const format = 'causeway-store'
/**
 * A restored store goes on so far behind the backup: what was committed after the backup and is lost had lesser revisions, so
 * whoever saw some of that is told to read again.
 */
const lostRevisions = 1_000_000
/** Rows and bytes of one write. */
const mostRows = 500
const mostBytes = 4 * 1024 * 1024
/** A line: JSON at its longest has six characters for one. */
const mostLine = 6 * mostValueBytes + 8_192

/** Of one moment. Each line ends with a line feed. */
export async function* backupLines(
  entries: AsyncIterable<Entry>,
  revision: number,
): AsyncGenerator<string> {
  const hash = createHash('sha256')
  let count = 0
  const line = (value: unknown): string => {
    const text = `${JSON.stringify(value)}\n`
    hash.update(text)
    return text
  }
  yield line({ format, schema, revision })
  for await (const { key, value, revision: changed } of entries) {
    count++
    yield line([key, changed, value])
  }
  yield `${JSON.stringify({ entries: count, sha256: hash.digest('hex') })}\n`
}

/**
 * Into a table that has nothing. No store opens it before `markWhole`, and none when this fails.
 * @returns how many entries
 * @throws STORE_NOT_EMPTY; STORE_SCHEMA the backup is of a later release; STORE_CORRUPT, `detail` says where
 */
export async function restoreTable(table: Table, lines: AsyncIterable<string>): Promise<number> {
  const [there] = await table.scan('', null, 1)
  if (there !== undefined) {
    throw new CausewayError('STORE_NOT_EMPTY', 'there is something in the store already')
  }
  const hash = createHash('sha256')
  let head: { readonly revision: number } | null = null
  let end: unknown = null
  /** Of the head, or of an entry that was committed while it was written. */
  let last = 0
  let count = 0
  let number = 0
  let rows: [string, string][] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    if (rows.length > 0) await table.write(rows)
    rows = []
    bytes = 0
  }
  for await (const line of lines) {
    const at = `line ${++number}`
    if (end !== null) throw corrupt(`${at}: behind the end`)
    if (line.length > mostLine) throw corrupt(`${at}: too long`)
    const value = parse(line, at)
    if (head === null) {
      head = headOf(value, at)
      last = head.revision
    } else if (Array.isArray(value)) {
      const entry = entryOf(value, at)
      last = Math.max(last, entry.revision)
      rows.push([dataPrefix + entry.key, encodeEntry(entry)])
      bytes += line.length
      count++
      if (rows.length >= mostRows || bytes >= mostBytes) await flush()
    } else {
      end = value
      continue
    }
    hash.update(`${line}\n`)
  }
  const { entries, sha256 } = (end ?? {}) as { entries?: unknown; sha256?: unknown }
  if (head === null || end === null) throw corrupt('it has no end: it was cut off')
  if (entries !== count || sha256 !== hash.digest('hex')) throw corrupt('its checksum does not fit')
  rows.push([revisionKey, String(last + lostRevisions)])
  await flush()
  return count
}

/** Last of all: without a schema no store opens what is here, as after a cut in the middle of a restore. */
export async function markWhole(table: Table): Promise<void> {
  await table.write([[schemaKey, String(schema)]])
}

/** Passes lines on. @throws STORE_CORRUPT at their end, if they are no whole backup */
export async function* checkedLines(lines: AsyncIterable<string>): AsyncGenerator<string> {
  const hash = createHash('sha256')
  let last: string | null = null
  let count = -1
  for await (const line of lines) {
    if (line.length > mostLine) throw corrupt(`line ${count + 2}: too long`)
    if (last !== null) hash.update(`${last}\n`)
    if (count === -1) headOf(parse(line, 'line 1'), 'line 1')
    last = line
    count++
    yield line
  }
  const end = last === null || count < 1 ? null : parse(last, 'its end')
  const { entries, sha256 } = (end ?? {}) as { entries?: unknown; sha256?: unknown }
  if (entries === undefined) throw corrupt('it has no end: it was cut off')
  if (entries !== count - 1 || sha256 !== hash.digest('hex')) {
    throw corrupt('its checksum does not fit')
  }
}

function parse(line: string, at: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    throw corrupt(`${at}: no JSON`)
  }
}

function headOf(value: unknown, at: string): { readonly revision: number } {
  const head = value as { format?: unknown; schema?: unknown; revision?: unknown } | null
  if (head?.format !== format) throw corrupt(`${at}: this is no backup of a store`)
  if (typeof head.schema !== 'number' || head.schema > schema) {
    throw new CausewayError('STORE_SCHEMA', 'the backup is of a later release')
  }
  const { revision } = head
  if (typeof revision !== 'number' || !Number.isSafeInteger(revision) || revision < 0) {
    throw corrupt(`${at}: revision`)
  }
  return { revision }
}

function entryOf(value: readonly unknown[], at: string): Entry {
  const [key, revision, text] = value
  const isRevision = typeof revision === 'number' && Number.isSafeInteger(revision)
  if (value.length !== 3 || typeof key !== 'string' || typeof text !== 'string' || !isRevision) {
    throw corrupt(`${at}: an entry is key, revision and value`)
  }
  if (revision < 1) throw corrupt(`${at}: revision`)
  checkKey(key)
  return { key, value: text, revision }
}

function corrupt(detail: string): CausewayError {
  return new CausewayError('STORE_CORRUPT', 'the backup cannot be used', { detail })
}

/** Checked as it will be read. */
export function entriesOf(rows: AsyncIterable<readonly [string, string]>): AsyncIterable<Entry> {
  return (async function* () {
    for await (const [key, row] of rows) yield decodeEntry(key.slice(dataPrefix.length), row)
  })()
}
