/** Tables hold what others wrote. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { table } from '../../../firmware/cli/table.ts'

test('no cell gives the terminal an order, makes a row of its own or writes backwards', () => {
  const cells = ['\u001b[2Jgone', 'one\nberlin  up', '\u202eneila']
  assert.equal(
    table(['A', 'B', 'C'], [cells]),
    'A         B               C\n?[2Jgone  one?berlin  up  ?neila\n',
  )
})
