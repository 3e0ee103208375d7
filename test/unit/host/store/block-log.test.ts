/** Blocks on a disk that may be cut, full, or bent: what is sound is read, the rest costs nothing else. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type BlockDisk,
  BlockLog,
  systemBlockDisk,
} from '../../../../firmware/host/store/block-log.ts'
import { memoryDisk } from '../../gateway/history/memory-disk.ts'

const open = (disk?: BlockDisk, more: Partial<{ fileBytes: number; fileBlocks: number }> = {}) =>
  new BlockLog({
    ...{ folder: '/history', name: 'fine', fileBytes: 4_096, fileBlocks: 10, files: 3, ...more },
    ...(disk === undefined ? {} : { disk }),
  })

async function marksOf(log: BlockLog, from = 0, to = 1e9): Promise<number[]> {
  const marks: number[] = []
  await log.read(from, to, ({ mark, payload }) => {
    assert.equal(Buffer.from(payload).toString(), `block ${mark}`)
    marks.push(mark)
  })
  return marks
}

const blockOf = (mark: number) => ({ mark, payload: Buffer.from(`block ${mark}`) })
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

test('blocks come back in order, those of a time alone if that is asked for, and after a restart', async () => {
  const disk = memoryDisk()
  const log = open(disk)
  for (const mark of range(1, 15)) await log.append(blockOf(mark))
  assert.deepEqual(await marksOf(log), range(1, 15))
  assert.deepEqual(await marksOf(log, 9, 12), range(9, 12))
  const again = open(disk)
  await again.append(blockOf(16))
  assert.deepEqual(await marksOf(again), range(1, 16))
  assert.equal(disk.files.size, 2, 'it goes on with the file that was there')
})

test('the oldest file goes when there is one too many', async () => {
  const disk = memoryDisk()
  const log = open(disk)
  for (const mark of range(1, 100)) await log.append(blockOf(mark))
  assert.equal(disk.files.size, 3)
  assert.deepEqual(await marksOf(log), range(71, 100))
})

test('a block that a power cut left half is dropped, whatever was written of it', async () => {
  const disk = memoryDisk()
  const log = open(disk)
  for (const mark of range(1, 3)) await log.append(blockOf(mark))
  const [path, whole] = [...disk.files][0]!
  const third = Math.floor((whole.length * 2) / 3)
  for (let cut = third; cut < whole.length; cut++) {
    disk.files.set(path, whole.subarray(0, cut))
    const again = open(disk)
    assert.deepEqual(await marksOf(again), cut < whole.length ? [1, 2] : [1, 2, 3])
    await again.append(blockOf(4))
    assert.deepEqual(await marksOf(again), [1, 2, 4], `cut at ${cut}`)
  }
})

test('a bent block costs itself and no other', async () => {
  const disk = memoryDisk()
  const log = open(disk)
  for (const mark of range(1, 5)) await log.append(blockOf(mark))
  const [path, whole] = [...disk.files][0]!
  const bent = Buffer.from(whole)
  bent[Math.floor(whole.length / 2)]! ^= 0xff
  disk.files.set(path, bent)
  assert.deepEqual(await marksOf(open(disk)), [1, 2, 4, 5])
})

test('a full disk is told, leaves what is there, and is written on once it has room', async () => {
  const disk = memoryDisk()
  const log = open(disk)
  await log.append(blockOf(1))
  disk.leftBytes = 10
  await assert.rejects(log.append(blockOf(2)), { code: 'STORE_WRITE_FAILED' })
  await assert.rejects(log.append(blockOf(3)), { code: 'STORE_WRITE_FAILED' })
  assert.deepEqual(await marksOf(log), [1])
  disk.leftBytes = Number.POSITIVE_INFINITY
  await log.append(blockOf(4))
  assert.deepEqual(await marksOf(log), [1, 4])
  assert.deepEqual(await marksOf(open(disk)), [1, 4])
  const other = memoryDisk()
  const whole = open(other)
  for (const mark of [1, 4]) await whole.append(blockOf(mark))
  assert.equal(disk.bytes(), other.bytes(), 'halves of blocks take no room')
})

test('a file that cannot be read is passed over and not written on', async () => {
  const disk = memoryDisk()
  const log = open(disk)
  for (const mark of range(1, 12)) await log.append(blockOf(mark))
  const [, second] = [...disk.files.keys()]
  const broken: BlockDisk = {
    ...disk,
    read: async (path) => {
      if (path === second) throw new Error('EIO')
      return disk.read(path)
    },
  }
  const again = open(broken)
  await again.append(blockOf(13))
  assert.deepEqual(await marksOf(again), [...range(1, 10), 13])
})

test('the real disk: bounded files for their owner only', async (t) => {
  const folder = join(await mkdtemp(join(tmpdir(), 'cwblock-')), 'history')
  t.after(() => rm(folder, { recursive: true }))
  const log = new BlockLog({ folder, name: 'fine', fileBytes: 200, fileBlocks: 100, files: 3 })
  for (const mark of range(1, 40)) await log.append(blockOf(mark))
  const names = await readdir(folder)
  assert.equal(names.length, 3)
  for (const name of names) {
    const { size, mode } = await stat(join(folder, name))
    assert.ok(size <= 200 && (mode & 0o077) === 0, `${name} ${size} ${mode}`)
  }
  assert.equal((await marksOf(log)).at(-1), 40)
})

test('a file that could not be made is made once the disk takes it', async (t) => {
  const folder = join(await mkdtemp(join(tmpdir(), 'cwblock-')), 'history')
  t.after(() => rm(folder, { recursive: true }))
  let isBroken = true
  const append: BlockDisk['append'] = async (path, bytes) => {
    if (isBroken) throw new Error('EROFS')
    await systemBlockDisk.append(path, bytes)
  }
  const disk = { ...systemBlockDisk, append }
  const options = { folder, name: 'fine', fileBytes: 4_096, fileBlocks: 10, files: 3 }
  const log = new BlockLog({ ...options, disk })
  await assert.rejects(log.append(blockOf(1)), { code: 'STORE_WRITE_FAILED' })
  isBroken = false
  for (const mark of [2, 3]) await log.append(blockOf(mark))
  assert.deepEqual(await marksOf(log), [2, 3])
})

test('what is written is not written again because an old file stays; that goes as soon as it can', async () => {
  const disk = memoryDisk()
  const stuck = new Set<string>()
  const remove: BlockDisk['remove'] = async (path) => {
    if (stuck.has(path)) throw new Error('EPERM')
    await disk.remove(path)
  }
  const log = open({ ...disk, remove })
  for (const mark of range(1, 30)) await log.append(blockOf(mark))
  const [oldest] = [...disk.files.keys()]
  stuck.add(oldest!)
  for (const mark of range(31, 60)) await log.append(blockOf(mark))
  assert.deepEqual(await marksOf(log), [...range(1, 10), ...range(31, 60)])
  assert.equal(disk.files.size, 4, 'others go meanwhile')
  stuck.clear()
  await log.append(blockOf(61))
  assert.deepEqual(await marksOf(log), range(41, 61))
})

test('who asks while too many wait is told so', async () => {
  const log = open(memoryDisk())
  const waiting = range(1, 64).map((mark) => log.append(blockOf(mark)))
  await assert.rejects(async () => log.append(blockOf(65)), { code: 'STORE_BUSY' })
  await Promise.all(waiting)
  await log.append(blockOf(66))
})
