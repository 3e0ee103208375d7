/** The reset button is pressed where the firmware says nothing in time, and for nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FirmwareWatch } from '../../image/firmware-watch.ts'

test('pressed when the firmware is late, by the power or a restart; not once it has handed over', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let presses = 0
  using watch = new FirmwareWatch(() => presses++, 1_000)
  watch.begin()
  t.mock.timers.tick(999)
  assert.equal(presses, 0)
  watch.hear('BdsDxe: loading Boot0001')
  t.mock.timers.tick(1)
  assert.equal(presses, 1)
  watch.hear('BdsDxe: starting Boot0001')
  t.mock.timers.tick(100_000)
  assert.equal(presses, 1)
  watch.hear('[  346.493957] reboot: Restarting system')
  t.mock.timers.tick(1_000)
  assert.equal(presses, 2)
})

test('a machine that is switched off is left alone, and one that never answers after three times', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let presses = 0
  const watch = new FirmwareWatch(() => presses++, 1_000)
  watch.begin()
  watch[Symbol.dispose]()
  t.mock.timers.tick(100_000)
  assert.equal(presses, 0)
  watch.begin()
  for (let more = 0; more < 10; more++) t.mock.timers.tick(1_000)
  assert.equal(presses, 3)
})
