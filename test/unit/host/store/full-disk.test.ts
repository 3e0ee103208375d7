/** A disk that is full: what was acknowledged is there, and after the first write that failed nothing more is. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runOnSmallDisk } from './small-disk.ts'

interface Report {
  readonly acknowledged: number
  readonly lost: number
  readonly next: number
  readonly codes: readonly string[]
  readonly told: readonly string[]
}

test('nothing that was acknowledged is lost on a full disk; a store that failed to write takes no more', () => {
  const script = join(import.meta.dirname, 'full-disk-inside.ts')
  const { acknowledged, lost, next, codes, told } = runOnSmallDisk<Report>(script)
  assert.equal(lost, 0, `${lost} of ${acknowledged} are gone`)
  assert.ok(acknowledged > 10)
  assert.deepEqual(codes, Array(60).fill('STORE_WRITE_FAILED'))
  assert.deepEqual(told, ['STORE_WRITE_FAILED'])
  // The one of which nobody knows may be there; no other is.
  assert.ok(next === acknowledged + 1 || next === acknowledged + 2, `${next} of ${acknowledged}`)
})
