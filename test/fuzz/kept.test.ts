/** What a box keeps and reads again: blocks on the disk, points of history, backups that somebody hands in. No bytes hurt. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BlockLog, blocksIn } from '../../firmware/host/store/block-log.ts'
import { isBackup } from '../../firmware/model/backup.ts'
import { isRecentEvents } from '../../firmware/model/local-api-recent.ts'
import {
  closeBackupHead,
  decodeBackupFile,
  encodeBackupHead,
} from '../../firmware/wire/backup-file.ts'
import { decodeHistoryBlock, encodeHistoryBlock } from '../../firmware/wire/history-block.ts'
import { memoryDisk } from '../unit/gateway/history/memory-disk.ts'
import { bytesLike, numRuns, readsOrRefuses } from './bytes.ts'

const form = { units: [1, 1e7, 1], stats: 3 }
const point = Float64Array.of(1, 0, 1, 5e6, 1e6, 9e6, Number.NaN, Number.NaN, Number.NaN)
const block = encodeHistoryBlock(
  {
    ...{ stepSeconds: 10, steps: [7, 8, 9] },
    names: new Map([
      ['u:wan0', [point, point, point]],
      ['b:', [point, point, point]],
    ]),
  },
  form,
)

test('a block of history says what it was made of, whatever the figures', () => {
  const value = fc.oneof(
    fc.constant(Number.NaN),
    fc.double({ min: 0, max: 60_000, noNaN: true }),
    fc.constantFrom(0, 1, 6e-8),
  )
  const blocks = fc.record({
    names: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
    steps: fc.array(fc.integer({ min: 0, max: 0xffff_ffff }), { maxLength: 8 }),
    values: fc.array(value, { minLength: 9, maxLength: 9 }),
  })
  fc.assert(
    fc.property(blocks, ({ names, steps, values }) => {
      const points = steps.map(() =>
        Float64Array.from(values.map((one, at) => (at < 3 || at > 5 ? one : one * 1e7))),
      )
      const made = { stepSeconds: 10, steps, names: new Map(names.map((name) => [name, points])) }
      const bytes = encodeHistoryBlock(made, form)
      for (const name of names) {
        const read = decodeHistoryBlock(bytes, form, name)
        assert.deepEqual(read.steps, steps)
        for (const [index, figures] of read.names.get(name)!.entries()) {
          for (const [at, figure] of figures.entries()) {
            const wanted = points[index]![at]!
            if (Number.isNaN(wanted)) assert.ok(Number.isNaN(figure))
            else
              assert.ok(
                Math.abs(figure - wanted) <=
                  wanted * 0.001 + form.units[Math.floor(at / 3)]! * 6e-8,
              )
          }
        }
      }
    }),
    { numRuns: Math.min(numRuns, 2_000) },
  )
})

test('any bytes as a block of history: a value or a code', () => {
  fc.assert(
    fc.property(bytesLike([block]), fc.constantFrom('u:wan0', 'b:', 'x'), (bytes, name) =>
      readsOrRefuses(() => decodeHistoryBlock(bytes, form, name), /^WIRE_(TRUNCATED|INVALID)$/),
    ),
    { numRuns },
  )
})

test('any bytes as a file of blocks: sound ones or none, and it is written on', async () => {
  const disk = memoryDisk()
  const options = { folder: '/f', name: 'n', fileBytes: 10_000, fileBlocks: 100, files: 2, disk }
  const log = new BlockLog(options)
  for (const mark of [1, 2, 3]) await log.append({ mark, payload: block })
  const good = [...disk.files.values()][0]!
  const path = [...disk.files.keys()][0]!
  await fc.assert(
    fc.asyncProperty(bytesLike([good]), async (bytes) => {
      let end = 0
      for (const one of blocksIn(bytes)) {
        assert.ok(one.end > end && one.end <= bytes.length)
        end = one.end
      }
      const bent = memoryDisk()
      bent.files.set(path, Buffer.from(bytes))
      const again = new BlockLog({ ...options, disk: bent })
      await again.append({ mark: 4, payload: block })
      const marks: number[] = []
      await again.read(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, ({ mark, payload }) => {
        assert.deepEqual(Buffer.from(payload), Buffer.from(block))
        marks.push(mark)
      })
      assert.equal(marks.at(-1), 4)
    }),
    { numRuns: Math.min(numRuns, 1_000) },
  )
})

test('any bytes as a backup: a head that can be afforded, or a code', () => {
  const random = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(9)
  const head = { memoryKib: 65_536, passes: 3, lanes: 1, salt: random(16), nonce: random(12) }
  const checked = encodeBackupHead(head)
  const sealed = random(64)
  const good = Buffer.concat([closeBackupHead(checked, random(16), sealed.length), sealed])
  assert.equal(decodeBackupFile(good).sealed.length, 64)
  fc.assert(
    fc.property(bytesLike([good]), (bytes) =>
      readsOrRefuses(() => {
        const { memoryKib, passes, lanes, sealed: text } = decodeBackupFile(bytes)
        assert.ok(memoryKib <= 131_072 && passes <= 10 && lanes <= 4 && text.length >= 16)
      }, /^BACKUP_(INVALID|VERSION|TRUNCATED)$/),
    ),
    { numRuns },
  )
})

test('any JSON as what a backup or the events hold: known for what it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      assert.equal(isBackup(value), false)
      assert.equal(isRecentEvents(value), Array.isArray(value) && value.length === 0)
    }),
    { numRuns },
  )
})
