/** Changes that meet: a slow disk, somebody who takes back, and the next one; and faults that nobody waits for. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { ConfigChanges } from '../../../firmware/gateway/config-change.ts'
import { ConfigSource } from '../../../firmware/gateway/config-source.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import { CutDisk } from '../../accept/whole/power-cut/disk.ts'
import { textOf } from '../../accept/whole/power-cut/life.ts'

const quiet = (): void => {}
const log = { info: quiet, warn: quiet, error: quiet }
const root = '/box'
const places = placesOf('cut', root)

/** A box whose disk makes a file when the test says so. */
async function slowBox() {
  const clock = virtualClock()
  const disk = new CutDisk({ random: () => 0 })
  disk.put(places.config, textOf(1))
  const gates: PromiseWithResolvers<void>[] = []
  let isSlow = false
  const create = disk.create.bind(disk)
  disk.create = async (path, mode) => {
    if (isSlow) {
      const gate = Promise.withResolvers<void>()
      gates.push(gate)
      await gate.promise
    }
    return create(path, mode)
  }
  const source = new ConfigSource({ places, disk, ownWireKey: '', log, wallMs: () => 0 })
  let running: Awaited<ReturnType<typeof source.choose>> | null = null
  const pass = async (): Promise<void> => {
    running = await source.choose()
    changes.onPass({
      running,
      absentNics: [],
      leases: [],
      refusedLeases: [],
      isDone: true,
      failure: null,
    })
  }
  const request = (): void => void pass()
  const changes = new ConfigChanges({ clock, log, source, request, onChange: quiet })
  await source.choose()
  return {
    ...{ clock, source, changes },
    running: () => running?.text,
    slow: (is: boolean) => {
      isSlow = is
    },
    /** Waits for whoever stands at the disk, and lets go. */
    pass: async (error?: Error) => {
      while (gates.length === 0) await new Promise((resolve) => setImmediate(resolve))
      const gate = gates.shift()!
      if (error === undefined) gate.resolve()
      else gate.reject(error)
    },
  }
}

const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'open' })

for (const isBegunBefore of [true, false]) {
  const when = isBegunBefore ? 'before' : 'after'
  test(`a save that fails after a rollback leaves alone the change that began ${when} it failed`, async () => {
    const { clock, source, changes, running, slow, pass } = await slowBox()
    slow(true)
    const first = changes.apply(textOf(2), 60)
    first.catch(quiet)
    await new Promise((resolve) => setImmediate(resolve))
    const back = changes.rollback()
    const next = isBegunBefore ? changes.apply(textOf(3), 60) : null
    await pass(full)
    await assert.rejects(first, { code: 'STORE_WRITE_FAILED' })
    await back
    const second = next ?? changes.apply(textOf(3), 60)
    await pass()
    await second
    assert.equal(changes.pending?.phase, 'waiting')
    assert.equal(running(), textOf(3))
    slow(false)
    // Nobody confirms it: it must not run for ever.
    await clock.advance(61_000)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(changes.pending, null)
    assert.equal(source.candidate, null)
    assert.equal(running(), textOf(1))
  })
}

test('a save that fails by itself leaves nothing behind, and the next change is free to begin', async () => {
  const { changes, slow, pass } = await slowBox()
  slow(true)
  const first = changes.apply(textOf(2), 60)
  first.catch(quiet)
  await pass(full)
  await assert.rejects(first, { code: 'STORE_WRITE_FAILED' })
  assert.equal(changes.pending, null)
  slow(false)
  await changes.apply(textOf(2), 60)
  await changes.confirm()
  assert.equal(changes.last?.result, 'confirmed')
})

test('a programmer’s error in the middle of a change ends the process', () => {
  const script = new URL('./config-change-crash.ts', import.meta.url).pathname
  const options = { encoding: 'utf8', timeout: 20_000 } as const
  const { status, stderr } = spawnSync(process.execPath, [script], options)
  assert.notEqual(status, 0)
  assert.match(stderr, /TypeError: planted/)
})
