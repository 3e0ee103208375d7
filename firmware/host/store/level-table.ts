/**
 * Rows in a LevelDB of one process, by npm's `level`. A write is on the medium once it returns (`sync`): LevelDB appends it
 * to its log and syncs that; after a cut it reads the log again and leaves out a torn end.
 */
import { Level } from 'level'
import { CausewayError, type ErrorCode } from '../../model/errors.ts'
import type { Table } from './table.ts'

/**
 * What changes again and again is overwritten in memory before it becomes a file: a change of a thousand configurations has 8 MB, and
 * LevelDB's own 4 MB would have its thread sort them time and again. So much of its log is read again at a start, within 0.3 s.
 */
const writeBufferSize = 32 * 1024 * 1024
/** Greater than any byte of UTF-8. */
const pastText = Buffer.of(0xff)

/** @throws STORE_LOCKED another process has it; STORE_CORRUPT; STORE_WRITE_FAILED the folder cannot be used */
export async function openLevelTable(folder: string): Promise<Table> {
  const encodings = { keyEncoding: 'utf8', valueEncoding: 'utf8' } as const
  const db = new Level<string, string>(folder, {
    ...encodings,
    writeBufferSize,
    compression: false,
  })
  try {
    await db.open()
  } catch (error) {
    throw openError(folder, error)
  }
  return {
    getMany: (keys) => readable(folder, () => db.getMany([...keys])),
    scan: (prefix, after, limit) => {
      const from = Buffer.from(prefix)
      const behind = after === null ? { gte: from } : { gt: Buffer.from(after) }
      const range = { ...behind, lt: pastPrefix(from), limit }
      return readable(folder, () => scanRows(db, range))
    },
    rows: (prefix) => {
      const from = Buffer.from(prefix)
      return textRows(
        folder,
        db.iterator<Buffer, string>({ gte: from, lt: pastPrefix(from), keyEncoding: 'buffer' }),
      )
    },
    write: async (rows) => {
      const operations = rows.map(([key, value]) =>
        value === null ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const),
      )
      try {
        await db.batch(operations, { sync: true })
      } catch (error) {
        const detail = (error as Error).message
        throw new CausewayError('STORE_WRITE_FAILED', `cannot write to ${folder}`, {
          detail,
          cause: error,
        })
      }
    },
    close: () => db.close(),
  }
}

function pastPrefix(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, pastText])
}

async function* textRows(
  folder: string,
  rows: AsyncIterable<readonly [Buffer, string]>,
): AsyncGenerator<[string, string]> {
  try {
    for await (const [key, value] of rows) yield [key.toString('utf8'), value]
  } catch (error) {
    throw readError(folder, error)
  }
}

async function scanRows(
  db: Level<string, string>,
  range: { gte?: Buffer; gt?: Buffer; lt: Buffer; limit: number },
): Promise<[string, string][]> {
  const rows = await db.iterator<Buffer, string>({ ...range, keyEncoding: 'buffer' }).all()
  return rows.map(([key, value]) => [key.toString('utf8'), value])
}

/** @throws STORE_READ_FAILED, STORE_CORRUPT */
async function readable<Read>(folder: string, read: () => Promise<Read>): Promise<Read> {
  try {
    return await read()
  } catch (error) {
    throw readError(folder, error)
  }
}

function readError(folder: string, error: unknown): CausewayError {
  const { code, message: detail } = error as Error & { readonly code?: string }
  const own = code === 'LEVEL_CORRUPTION' ? 'STORE_CORRUPT' : 'STORE_READ_FAILED'
  return new CausewayError(own, `cannot read the store ${folder}`, { detail, cause: error })
}

const openCodes: Readonly<Record<string, ErrorCode>> = {
  LEVEL_LOCKED: 'STORE_LOCKED',
  LEVEL_CORRUPTION: 'STORE_CORRUPT',
}

/** Level says "not open", and why below that. */
function openError(folder: string, error: unknown): CausewayError {
  const cause = ((error as Error).cause ?? error) as { code?: string; message: string }
  const code = openCodes[cause.code ?? ''] ?? 'STORE_WRITE_FAILED'
  const message =
    code === 'STORE_LOCKED'
      ? `another process has the store ${folder} open`
      : `cannot open the store ${folder}`
  return new CausewayError(code, message, { detail: cause.message, cause: error })
}
