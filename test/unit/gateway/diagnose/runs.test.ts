/** Tests that run: one of a kind, ended when nobody asks any more, when they are told to, and at the latest after a while. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Runs, type Work } from '../../../../firmware/gateway/diagnose/runs.ts'
import { virtualClock } from '../../../../firmware/host/clock/virtual.ts'
import { CausewayError } from '../../../../firmware/model/errors.ts'

/** Runs until its signal says so. */
const endless: Work = (tell, signal) =>
  new Promise((resolve) => {
    tell.step({ verdict: 'info', sentence: 'begun' })
    signal.addEventListener('abort', () => resolve())
  })

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function open(): { runs: Runs; clock: ReturnType<typeof virtualClock>; faults: unknown[] } {
  const clock = virtualClock()
  const faults: unknown[] = []
  let number = 0
  const newId = (): string => String(++number).padStart(16, '0')
  return { clock, faults, runs: new Runs(clock, newId, (error) => void faults.push(error)) }
}

test('one of a kind runs at a time; others may beside it', async () => {
  const { runs } = open()
  const { id } = runs.begin('ping', endless)
  assert.throws(() => runs.begin('ping', endless), { code: 'API_BUSY' })
  runs.begin('trace', endless)
  runs.stop(id)
  await settle()
  assert.equal(runs.show(id).sentence, 'It was stopped.')
  assert.equal(runs.begin('ping', endless).isDone, false)
  runs[Symbol.dispose]()
})

test('one that is asked about goes on; one that nobody asks about ends after six seconds', async () => {
  const { runs, clock } = open()
  const { id } = runs.begin('ping', endless)
  for (let seconds = 0; seconds < 20; seconds += 5) {
    await clock.advance(5_000)
    assert.equal(runs.show(id).isDone, false)
  }
  await clock.advance(6_001)
  await settle()
  assert.equal(runs.show(id).isDone, true)
})

test('however often it is asked about, it ends after a minute and a half', async () => {
  const { runs, clock } = open()
  const { id } = runs.begin('ping', endless)
  for (let seconds = 0; seconds < 95; seconds += 5) {
    await clock.advance(5_000)
    runs.show(id)
  }
  await settle()
  assert.equal(runs.show(id).isDone, true)
})

test('what fails says why; steps have a limit; old ones are forgotten, one that nobody had is not found', async () => {
  const { runs } = open()
  const { id } = runs.begin('dns', async (tell) => {
    for (let step = 0; step < 200; step++) tell.step({ verdict: 'info', sentence: String(step) })
    throw new CausewayError('HOST_COMMAND_FAILED', "cannot run 'ping'", { detail: 'ENOENT' })
  })
  await settle()
  const { sentence, verdict, steps } = runs.show(id)
  assert.deepEqual([sentence, verdict, steps.length], ["cannot run 'ping' (ENOENT)", 'bad', 64])
  for (let more = 0; more < 9; more++) {
    runs.begin('mtu', async () => {})
    await settle()
  }
  assert.throws(() => runs.show(id), { code: 'API_NOT_FOUND' })
  assert.throws(() => runs.stop('f'.repeat(16)), { code: 'API_NOT_FOUND' })
})

test('what goes wrong inside ends that test alone, and is for the log too', async () => {
  const { runs, faults } = open()
  const broken = new Error("EMFILE: too many open files, open '/proc/uptime'")
  const { id } = runs.begin('link', async () => {
    throw broken
  })
  await settle()
  const { isDone, verdict, sentence } = runs.show(id)
  assert.deepEqual([isDone, verdict, sentence], [true, 'bad', `It failed: ${broken.message}.`])
  assert.deepEqual(faults, [broken])
})
