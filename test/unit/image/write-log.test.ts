/** What a power cut leaves of a log of writes: what was flushed, whole; of the rest any part; and a log as QEMU writes it is read. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type LogEntry, survivors, WriteLog } from '../../image/write-log.ts'
import { chanceOf } from '../../lab/chance.ts'

const write = (offset: number, more: Partial<LogEntry> = {}): LogEntry => ({
  ...{ offset, bytes: 4_096, dataAt: 0, isFlush: false, isForced: false },
  ...more,
})
const flush = write(0, { bytes: 0, isFlush: true })

test('what came before a flush is there, whole and in order', () => {
  const entries = [write(0), write(4_096), flush, write(8_192)]
  for (let seed = 0; seed < 50; seed++) {
    const kept = survivors(entries, 3, chanceOf(seed))
    assert.deepEqual(
      kept.map(({ entry, bytes }) => [entry.offset, bytes]),
      [
        [0, 4_096],
        [4_096, 4_096],
      ],
    )
  }
})

test('what came after it is there or not, the last one in part', () => {
  const entries = [write(0), flush, write(4_096), write(8_192), write(12_288)]
  const seen = new Set<string>()
  for (let seed = 0; seed < 400; seed++) {
    const kept = survivors(entries, 5, chanceOf(seed))
    assert.equal(kept[0]?.entry.offset, 0)
    for (const { entry, bytes } of kept) {
      if (entry.offset < 12_288) assert.equal(bytes, 4_096)
      assert.equal(bytes % 512, 0)
    }
    seen.add(kept.map(({ entry, bytes }) => `${entry.offset}:${bytes}`).join())
  }
  // Two that are there or not, and a third of which 0 to 8 sectors are.
  assert.equal(seen.size, 4 * 9)
})

test('what is forced is there without a flush', () => {
  const entries = [write(0, { isForced: true }), write(4_096)]
  for (let seed = 0; seed < 100; seed++) {
    const [first] = survivors(entries, 2, chanceOf(seed))
    assert.deepEqual(first, { entry: entries[0], bytes: 4_096 })
  }
})

test('a log as QEMU writes it: its head, entries of a sector each, their data behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-log-'))
  try {
    const log = new WriteLog(join(folder, 'log'))
    writeFileSync(
      log.path,
      Buffer.concat([head(2), entry(7, 2, 0), Buffer.alloc(1024, 1), entry(0, 0, 1)]),
    )
    assert.equal(await log.count(), 2)
    assert.deepEqual(await log.entries(), [
      write(7 * 512, { bytes: 1024, dataAt: 1024 }),
      write(0, { bytes: 0, dataAt: 2_560, isFlush: true }),
    ])
    writeFileSync(log.path, Buffer.alloc(512))
    await assert.rejects(log.entries(), { code: 'LAB_INVALID' })
    writeFileSync(log.path, Buffer.concat([head(1), entry(7, 2, 4)]))
    await assert.rejects(log.entries(), { code: 'LAB_INVALID' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function head(entries: number): Buffer {
  const sector = Buffer.alloc(512)
  sector.writeBigUInt64LE(0x6a_736677_736872n, 0)
  sector.writeBigUInt64LE(1n, 8)
  sector.writeBigUInt64LE(BigInt(entries), 16)
  sector.writeUInt32LE(512, 24)
  return sector
}

function entry(sectorNumber: number, sectors: number, flags: number): Buffer {
  const sector = Buffer.alloc(512)
  for (const [at, value] of [sectorNumber, sectors, flags].entries()) {
    sector.writeBigUInt64LE(BigInt(value), at * 8)
  }
  return sector
}
