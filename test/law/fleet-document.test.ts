/** The page about a fleet's documents says what the controller does: it is made from the same schemas, and is not stale. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fleetDocument, fleetPath } from '../../build/fleet-document.ts'
import { errorTable } from '../../firmware/model/errors.ts'
import { fleetKinds } from '../../firmware/model/fleet.ts'

test('FLEET.md is what build/fleet-document.ts makes now', () => {
  const stale = 'stale: run node build/fleet-document.ts'
  assert.equal(readFileSync(fleetPath, 'utf8') === fleetDocument(), true, stale)
})

test('it has every kind, and every code that concerns a fleet with what to do about it', () => {
  const page = fleetDocument()
  for (const kind of fleetKinds) assert.match(page, new RegExp(`^## ${kind}\n\n\\S`, 'm'))
  const codes = Object.keys(errorTable).filter((code) => /^(FLEET|ZTP|LINK)_/.test(code))
  for (const code of codes)
    assert.match(page, new RegExp(`^\\| ${code} \\| \\S.* \\| \\S.* \\|$`, 'm'))
})
