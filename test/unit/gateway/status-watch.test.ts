/** Who follows a device is told what an answer says, though nothing nudged and the next look is a second away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusWatch } from '../../../firmware/gateway/status-watch.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { composeStatus } from '../../../firmware/plan/status.ts'
import { statusFacts } from '../plan/sample-status.ts'

test('what is answered is told in the same moment to who follows, and nothing twice', async () => {
  const clock = virtualClock(0)
  const whole = composeStatus(statusFacts())
  let problems: string[] = []
  using watch = new StatusWatch({
    clock,
    status: () => ({ ...whole, isHealthy: problems.length === 0, problems }),
  })
  const told: string[] = []
  watch.listen((event) => told.push(event.kind))
  problems = ['uplink wan0 (eth0) is down']
  assert.equal(watch.ask().isHealthy, false)
  assert.deepEqual(told, ['status', 'health'])
  watch.ask()
  await clock.advance(3_000)
  assert.deepEqual(told, ['status', 'health'])
})
