/** What a box does with an order of its firmware: fetches, installs, starts anew when it may, and knows afterwards what came of it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Firmware } from '../../../firmware/gateway/firmware.ts'
import { FirmwareOrders, type OrderLink } from '../../../firmware/gateway/firmware-orders.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { fakeSlots } from '../../../firmware/host/slots/fake.ts'
import { noSlots } from '../../../firmware/host/slots/none.ts'
import type { Slots } from '../../../firmware/host/slots/slots.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { FirmwareOrder, FirmwareState } from '../../../firmware/model/firmware-order.ts'
import { firmwareFile } from '../controller/firmware-sample.ts'

const firmwareOf = (slots: Slots): Firmware =>
  new Firmware({
    slots,
    before: () => ({
      configSource: 'file',
      isApplied: true,
      isLinked: true,
      peersUp: 0,
      absentNics: [],
    }),
    ...{ onNews: () => {}, onFault: assert.ifError },
  })

const silent = { info: () => {}, warn: () => {}, error: () => {} }
const midnight = Date.UTC(2026, 0, 1)
const file = firmwareFile({ version: '0.2.0', padding: 100_000 })

const orderOf = (more: Partial<FirmwareOrder> = {}): FirmwareOrder => {
  const sha256 = createHash('sha256').update(file).digest('hex')
  const path = `/firmware/v1/${sha256}`
  return {
    id: 'ab'.repeat(8),
    version: '0.2.0',
    path,
    sha256,
    bytes: file.length,
    hours: null,
    ...more,
  }
}

interface World {
  readonly slots?: Slots
  /** What is there of the file, from a byte on. */
  readonly fetch?: (from: number) => AsyncIterable<Uint8Array>
  readonly rateBps?: number
}

async function* inChunks(from: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < file.length; at += 10_000) yield file.subarray(at, at + 10_000)
}

/** A box whose disk and slots outlive its gateway. */
function newBox({ slots = fakeSlots('0.1.0'), fetch = inChunks, rateBps = 1e9 }: World = {}) {
  const clock = virtualClock()
  const box = {
    record: null as string | null,
    restarts: 0,
    isTrying: false,
    isUp: true,
    isFull: false,
  }
  const said: FirmwareState[] = []
  const asked: number[] = []
  const link = (): OrderLink => ({
    say: (state) => said.push(state),
    ...{ isUp: () => box.isUp, wallMs: () => midnight + clock.nowMs() },
    fetch: (_path, from) => {
      asked.push(from)
      return fetch(from)
    },
  })
  const open = () =>
    new FirmwareOrders({
      ...{ clock, log: silent },
      ...{ firmware: firmwareOf(slots), version: '0.1.0', architecture: 'x86_64' },
      power: {
        rebootMachine: async () => {
          box.restarts++
        },
      },
      record: {
        read: async () => box.record,
        write: async (text) => {
          if (box.isFull) throw new CausewayError('STORE_WRITE_FAILED', 'the disk is full')
          box.record = text
        },
      },
      rateBps: () => rateBps,
      isTrying: () => box.isTrying,
    })
  const phases = () => said.map(({ phase }) => phase)
  const last = () => said.at(-1)!
  return { box, clock, said, asked, link, open, phases, last, slots }
}

test('an order is fetched, installed, tried by a new start, and done once it has proven itself', async () => {
  const slots = fakeSlots('0.1.0')
  const { box, clock, link, open, phases, last } = newBox({ slots })
  {
    using orders = open()
    await orders.onLink(link())
    assert.deepEqual([last().phase, last().running, last().isProven], ['none', '0.1.0', true])
    await orders.onOrder(orderOf())
    await clock.advance(60_000)
    assert.deepEqual(
      phases().filter((one, at, all) => one !== all[at - 1]),
      ['none', 'downloading', 'installing', 'installed', 'restarting'],
    )
    assert.equal(box.restarts, 1)
    // Whatever is said while the machine goes down.
    await orders.onOrder(null)
    assert.equal(last().phase, 'restarting')
  }
  slots.restart()
  using orders = open()
  await orders.onLink(link())
  const { phase, running, isProven, order } = last()
  assert.deepEqual([phase, running, isProven, order], ['proving', '0.2.0', false, orderOf().id])
  await slots.markGood()
  await clock.advance(20_000)
  assert.deepEqual([last().phase, last().isProven], ['done', true])
  // Told once more, it says what it said.
  await orders.onOrder(orderOf())
  await clock.advance(60_000)
  assert.deepEqual([last().phase, box.restarts], ['done', 1])
})

test('a box that comes back with what it ran before says so, and tries that order no more', async () => {
  const slots = fakeSlots('0.1.0')
  const { box, clock, link, open, last } = newBox({ slots })
  {
    using orders = open()
    await orders.onLink(link())
    await orders.onOrder(orderOf())
    await clock.advance(60_000)
  }
  slots.restart()
  await slots.rollBack()
  slots.restart()
  for (const round of [1, 2]) {
    using orders = open()
    await orders.onLink(link())
    assert.deepEqual([last().phase, last().code], ['went-back', 'UPDATE_WENT_BACK'], `${round}`)
    await orders.onOrder(orderOf())
    await clock.advance(60_000)
    assert.equal(box.restarts, 1)
  }
  // Another order is another try.
  using orders = open()
  await orders.onLink(link())
  await orders.onOrder(orderOf({ id: 'cd'.repeat(8) }))
  await clock.advance(60_000)
  assert.equal(box.restarts, 2)
})

test('it starts anew only within the hours, and not while a configuration is tried', async () => {
  const { box, clock, link, open, last } = newBox()
  using orders = open()
  await orders.onLink(link())
  await orders.onOrder(orderOf({ hours: { fromMinute: 120, untilMinute: 240 } }))
  await clock.advance(119 * 60_000)
  assert.deepEqual([last().phase, box.restarts], ['installed', 0])
  box.isTrying = true
  await clock.advance(5 * 60_000)
  assert.equal(box.restarts, 0)
  box.isTrying = false
  await clock.advance(20_000)
  assert.equal(box.restarts, 1)
})

test('it starts anew for no order that it was not told by the link that it has', async () => {
  const { box, clock, link, open, last } = newBox()
  using orders = open()
  await orders.onLink(link())
  await orders.onOrder(orderOf({ hours: { fromMinute: 60, untilMinute: 120 } }))
  await clock.advance(30 * 60_000)
  box.isUp = false
  await clock.advance(60 * 60_000)
  box.isUp = true
  await orders.onLink(link())
  await clock.advance(10 * 60_000)
  assert.deepEqual([last().phase, box.restarts], ['installed', 0])
  await orders.onOrder(orderOf({ hours: { fromMinute: 60, untilMinute: 120 } }))
  await clock.advance(20_000)
  assert.equal(box.restarts, 1)
})

test('what is called off does not happen; told again, it is not fetched again', async () => {
  const { box, clock, link, open, asked, last } = newBox()
  using orders = open()
  await orders.onLink(link())
  await orders.onOrder(orderOf({ hours: { fromMinute: 60, untilMinute: 120 } }))
  await clock.advance(60_000)
  await orders.onOrder(null)
  assert.deepEqual([last().phase, last().order], ['none', null])
  await clock.advance(90 * 60_000)
  assert.equal(box.restarts, 0)
  await orders.onOrder(orderOf({ id: 'cd'.repeat(8) }))
  await clock.advance(60_000)
  assert.deepEqual([box.restarts, asked.length], [1, 1])
})

test('a download that breaks off goes on where it was, no faster than it may', async () => {
  let breaks = 3
  const fetch = async function* (from: number): AsyncGenerator<Uint8Array> {
    for await (const chunk of inChunks(from)) {
      yield chunk
      if (from < 50_000 && breaks-- > 0) throw new CausewayError('LINK_UNREACHABLE', 'gone')
    }
  }
  // 10 kB take a second.
  const { box, clock, link, open, asked, last } = newBox({ fetch, rateBps: 80_000 })
  using orders = open()
  await orders.onLink(link())
  await orders.onOrder(orderOf())
  await clock.advance(9_000)
  assert.deepEqual([last().phase, box.restarts], ['downloading', 0])
  await clock.advance(60_000)
  assert.deepEqual(asked, [0, 10_000, 20_000, 30_000])
  assert.equal(box.restarts, 1)
})

test('what is not the ordered file, or no update, or for no slot, is refused with its code', async () => {
  const refused = async (world: World, more: Partial<FirmwareOrder>, isFull = false) => {
    const { box, clock, link, open, last, slots } = newBox(world)
    using orders = open()
    await orders.onLink(link())
    box.isFull = isFull
    await orders.onOrder(orderOf(more))
    await clock.advance(60_000)
    assert.deepEqual([last().phase, box.restarts], ['refused', 0])
    const isAsBefore = (await slots.list()).every(({ isRunning, isNext }) => isRunning === isNext)
    return [last().code, isAsBefore]
  }
  assert.deepEqual(await refused({}, { sha256: '0'.repeat(64) }), ['UPDATE_REFUSED', true])
  assert.deepEqual(await refused({}, { bytes: file.length - 1 }), ['UPDATE_REFUSED', true])
  assert.deepEqual(await refused({ slots: noSlots() }, {}), ['UPDATE_UNSUPPORTED', true])
  const gone = async function* (): AsyncGenerator<Uint8Array> {
    yield* []
    throw new CausewayError('API_NOT_FOUND', 'there is no such file')
  }
  assert.deepEqual(await refused({ fetch: gone }, {}), ['API_NOT_FOUND', true])
  // Without a record nobody would know afterwards that it went back: the machine is not started anew.
  assert.equal((await refused({}, {}, true))[0], 'STORE_WRITE_FAILED')
})
