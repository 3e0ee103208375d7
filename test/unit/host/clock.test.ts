/** Clocks: suspend counts, timers keep their order, nothing runs after it was cancelled. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import { systemClock } from '../../../firmware/host/clock/system.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'

test('time in suspend counts, and rounding of the boot clock does not', () => {
  const machine = { monotonicMs: 5_000, bootMs: 905_000 }
  const clock = systemClock({
    monotonicMs: () => machine.monotonicMs,
    bootMs: () => Math.floor(machine.bootMs / 10) * 10,
  })
  const startMs = clock.nowMs()
  machine.monotonicMs += 10_007
  machine.bootMs += 10_007
  assert.equal(clock.nowMs() - startMs, 10_007)
  machine.bootMs += 3_600_000
  machine.monotonicMs += 2_000
  machine.bootMs += 2_000
  assert.ok(Math.abs(clock.nowMs() - startMs - 3_612_007) <= 20)
})

test('the machine’s clock moves on and its timers run, unless they are cancelled', async () => {
  const clock = systemClock()
  const events = new EventEmitter()
  const startMs = clock.nowMs()
  const cancel = clock.after(0, () => assert.fail('a cancelled timer ran'))
  cancel()
  cancel()
  clock.after(5, () => events.emit('ran'))
  await once(events, 'ran')
  assert.ok(clock.nowMs() - startMs >= 4)
})

test('virtual timers run in order of time, then of setting, with promises settled between', async () => {
  const clock = virtualClock(100)
  const ran: string[] = []
  const note = (name: string) => () => {
    ran.push(`${name} at ${clock.nowMs()}`)
    void Promise.resolve()
      .then(() => undefined)
      .then(() => ran.push(`then ${name}`))
  }
  clock.after(20, note('late'))
  clock.after(10, note('one'))
  clock.after(10, note('two'))
  const cancel = clock.after(10, note('never'))
  clock.after(10, () => clock.after(0, note('nested')))
  clock.after(500, note('beyond'))
  cancel()
  await clock.advance(50)
  assert.deepEqual(ran, [
    'one at 110',
    'then one',
    'two at 110',
    'then two',
    'nested at 110',
    'then nested',
    'late at 120',
    'then late',
  ])
  assert.equal(clock.nowMs(), 150)
  assert.equal(clock.pending(), 1)
})
