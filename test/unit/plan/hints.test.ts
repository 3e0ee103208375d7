/** Hints for names that somebody meant: as many as are worth their time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hintsAmong } from '../../../firmware/plan/fleet-documents.ts'

test('the first names get a hint, the same one each time; of many others there is none', () => {
  const hint = hintsAmong(['office', 'cameras'])
  for (let time = 0; time < 3; time++) assert.equal(hint('offce'), ', did you mean office?')
  for (let at = 0; at < 30; at++) assert.equal(hint(`quite-another-${at}`), '')
  assert.equal(hint('camera'), '')
  assert.equal(hint('offce'), ', did you mean office?')
})
