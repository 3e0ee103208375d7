/** Recordings on a disk that is full: a piece is there as a whole or not at all, and that is said. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runOnSmallDisk } from './store/small-disk.ts'

interface Report {
  readonly codes: readonly string[]
  readonly written: number
  readonly length: number
}

test('a piece for which there is no room is not there by half', () => {
  const script = join(import.meta.dirname, 'capture-files-inside.ts')
  const { codes, written, length } = runOnSmallDisk<Report>(script)
  assert.deepEqual(codes, ['STORE_WRITE_FAILED'])
  assert.ok(written > 0)
  assert.equal(length, written)
})
