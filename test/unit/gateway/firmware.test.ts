/** Updates on their way into a slot: one at a time, whole or not at all, and told how far they are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Firmware, type FirmwareParts } from '../../../firmware/gateway/firmware.ts'
import { fakeSlots } from '../../../firmware/host/slots/fake.ts'
import { noSlots } from '../../../firmware/host/slots/none.ts'
import type { Slots } from '../../../firmware/host/slots/slots.ts'
import { sampleBefore } from '../plan/sample-slot.ts'

const update = Buffer.concat([Buffer.from('causeway 0.2.0\n'), Buffer.alloc(200_000)])

function partsWith(slots: Slots): FirmwareParts {
  return {
    slots,
    before: () => sampleBefore,
    onNews: () => {},
    onFault: (error) => assert.fail(`${error}`),
  }
}

async function* inChunks(bytes: Uint8Array, fails = false): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000)
  if (fails) throw new Error('aborted')
}

test('an update goes into the other slot, is tried by the next start and stays once it is marked', async () => {
  const slots = fakeSlots('0.1.0')
  const firmware = new Firmware(partsWith(slots))
  const { slots: after, install } = await firmware.install({
    ...{ chunks: inChunks(update), totalBytes: update.length },
  })
  assert.deepEqual(install, {
    phase: 'done',
    bytes: update.length,
    totalBytes: update.length,
    error: null,
  })
  assert.deepEqual(
    after.map(({ name, version, isRunning, isNext, state }) => [
      name,
      version,
      isRunning,
      isNext,
      state,
    ]),
    [
      ['A', '0.1.0', true, false, 'good'],
      ['B', '0.2.0', false, true, 'trying'],
    ],
  )
  slots.restart()
  assert.equal((await firmware.markGood()).slots[1]!.state, 'good')
  assert.equal((await firmware.rollBack()).slots[0]!.isNext, true)
})

test('what is refused, or breaks off, leaves what runs and what is next as they were', async () => {
  const firmware = new Firmware(partsWith(fakeSlots('0.1.0')))
  const send = (bytes: Uint8Array, more: { fails?: boolean; totalBytes?: number } = {}) =>
    firmware.install({
      ...{ chunks: inChunks(bytes, more.fails), totalBytes: more.totalBytes ?? bytes.length },
    })
  await assert.rejects(send(Buffer.from('a picture')), { code: 'UPDATE_REFUSED' })
  assert.equal((await firmware.show()).install?.error?.code, 'UPDATE_REFUSED')
  await assert.rejects(send(update, { fails: true }), { code: 'UPDATE_TRUNCATED' })
  const short = send(update, { totalBytes: update.length + 1 })
  await assert.rejects(short, { code: 'UPDATE_TRUNCATED' })
  const { slots } = await firmware.show()
  assert.deepEqual(
    slots.map(({ isNext }) => isNext),
    [true, false],
  )
  await assert.rejects(firmware.rollBack(), { code: 'UPDATE_NO_OTHER' })
})

test('one at a time', async () => {
  const firmware = new Firmware(partsWith(fakeSlots('0.1.0')))
  const first = firmware.install({ chunks: inChunks(update), totalBytes: null })
  const second = firmware.install({ chunks: inChunks(update), totalBytes: null })
  await assert.rejects(second, { code: 'UPDATE_BUSY' })
  await assert.rejects(firmware.rollBack(), { code: 'UPDATE_BUSY' })
  assert.equal((await first).install?.phase, 'done')
})

test('a machine without slots says so before anything is sent', async () => {
  const markGood = () => assert.fail('nothing is asked of the slots')
  const firmware = new Firmware(partsWith({ ...noSlots(), markGood }))
  let isRead = false
  const chunks = (async function* () {
    isRead = true
    yield update
  })()
  await assert.rejects(firmware.install({ chunks, totalBytes: null }), {
    code: 'UPDATE_UNSUPPORTED',
  })
  assert.equal(isRead, false)
  assert.deepEqual(await firmware.show(), { isSupported: false, slots: [], install: null })
})
