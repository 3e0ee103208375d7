/** A box's store on a disk that is full to its last block. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runOnSmallDisk } from '../host/store/small-disk.ts'

interface Report {
  readonly said: readonly string[]
  readonly aside: readonly (number | null)[]
}

test('on a full disk people can still sign in: the store opens by what was set aside, and sets it aside again', () => {
  const script = join(import.meta.dirname, 'box-store-inside.ts')
  const { said, aside } = runOnSmallDisk<Report>(script)
  assert.deepEqual(said, [
    ...['first after nothing', 'second after first'],
    // Nothing is left to give.
    ...['STORE_WRITE_FAILED', 'fourth after first'],
  ])
  assert.deepEqual(aside, [262_144, null, 262_144])
})
