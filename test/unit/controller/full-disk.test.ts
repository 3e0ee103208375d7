/** A controller whose disk is full ends, so that its supervisor starts it anew; what it acknowledged is there then. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runOnSmallDisk } from '../host/store/small-disk.ts'

test('a controller that cannot write says so, ends, and goes on when there is room', () => {
  const script = join(import.meta.dirname, 'full-disk-inside.ts')
  const { acknowledged, codes, ...rest } = runOnSmallDisk<{
    readonly acknowledged: number
    readonly codes: readonly string[]
  }>(script)
  assert.deepEqual(rest, { refusal: 'STORE_WRITE_FAILED', exitCode: 1, lost: [], lastExitCode: 0 })
  assert.ok(acknowledged > 10)
  assert.ok(codes.includes('STORE_WRITE_FAILED'))
})
