/** `causeway prepare` keeps its hands off a machine that is no appliance. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { placesOf } from '../../../firmware/host/system/places.ts'
import { prepareMachine } from '../../../firmware/prepare/prepare.ts'

test('a machine that is no appliance is left as it is', async () => {
  const root = mkdtempSync(join(tmpdir(), 'causeway-prepare-'))
  const lines: string[] = []
  const say = (_: object, message: string): void => void lines.push(message)
  try {
    const places = placesOf('main', root)
    assert.equal(await prepareMachine(places, { info: say, warn: say, error: say }), false)
    assert.deepEqual(lines, ['not prepared: this machine is no appliance'])
    assert.equal(existsSync(places.runFolder), false)
  } finally {
    rmSync(root, { recursive: true })
  }
})
