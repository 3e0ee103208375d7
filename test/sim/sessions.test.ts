/**
 * Sessions of two boxes under loss, doubles, reordering, restarts, rekeys at once and replays, on a virtual clock.
 * Each run prints its seed when it fails; SEED=n node --test test/sim/sessions.test.ts runs that one alone.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fairWeather, type Weather } from '../../firmware/host/udp/fake.ts'
import type { UdpAddress } from '../../firmware/host/udp/udp.ts'
import { wireTiming } from '../../firmware/plan/session.ts'
import {
  addBox,
  agree,
  type Box,
  type BoxOptions,
  configure,
  createWorld,
  peerOf,
  restartDatapath,
  restartGateway,
  type World,
} from './session-world.ts'

const onlySeed = process.env.SEED === undefined ? null : Number(process.env.SEED)

function simulate(
  name: string,
  seeds: number | readonly number[],
  run: (world: World, seed: number) => Promise<void>,
): void {
  test(name, async () => {
    const all =
      typeof seeds === 'number' ? Array.from({ length: seeds }, (_, index) => index + 1) : seeds
    for (const seed of onlySeed === null ? all : [onlySeed]) {
      try {
        await run(createWorld(seed), seed)
      } catch (cause) {
        throw new Error(`fails with SEED=${seed}: ${(cause as Error).message}`, { cause })
      }
    }
  })
}

/** Two boxes that know each other. */
async function pair(world: World, options: BoxOptions = {}): Promise<readonly [Box, Box]> {
  const a = addBox(world, 'a', '192.0.2.1', options)
  const b = addBox(world, 'b', '198.51.100.1', options)
  const done = Promise.all([configure(a, [peerOf(b)]), configure(b, [peerOf(a)])])
  await world.clock.advance(50)
  await done
  return [a, b]
}

async function end(world: World, boxes: readonly Box[]): Promise<void> {
  for (const box of boxes) {
    await box.sessions[Symbol.asyncDispose]()
    box.datapath.kill('the end')
  }
  // Datagrams under way, and verbs that wait for an answer.
  await world.clock.advance(10_000)
  assert.equal(world.clock.pending(), 0, 'a timer outlived its owner')
}

/** A numbered packet each way every 100 ms, until stopped. Returns what was sealed. */
function traffic(world: World, a: Box, b: Box) {
  const sent = { a: [] as string[], b: [] as string[] }
  let cancel = (): void => undefined
  const tick = (): void => {
    const mark = `${sent.a.length + sent.b.length}`
    if (a.datapath.sendData('b', Buffer.from(mark))) sent.a.push(mark)
    if (b.datapath.sendData('a', Buffer.from(mark))) sent.b.push(mark)
    cancel = world.clock.after(100, tick)
  }
  tick()
  return { sent, stop: () => cancel() }
}

async function untilAgreed(world: World, a: Box, b: Box, withinMs: number): Promise<number> {
  const startMs = world.clock.nowMs()
  while (!(await agree(world, a, b))) {
    const tookMs = world.clock.nowMs() - startMs
    assert.ok(tookMs <= withinMs, `no common keypair after ${tookMs} ms`)
    await world.clock.advance(80)
  }
  return world.clock.nowMs() - startMs
}

function undecryptable(box: Box): number {
  return box.datapath.drops.index + box.datapath.drops.tag
}

simulate('rekeys lose no packet, whatever overtakes whatever', 1, async (world) => {
  world.network.setWeather({ lossRatio: 0, duplicateRatio: 0.05, delayMs: 20, jitterMs: 150 })
  const [a, b] = await pair(world, { verbMs: 3 })
  await untilAgreed(world, a, b, 3_000)
  const { sent, stop } = traffic(world, a, b)
  await world.clock.advance(3_600_000)
  stop()
  await world.clock.advance(1_000)
  assert.deepEqual(new Set(b.received), new Set(sent.a))
  assert.deepEqual(new Set(a.received), new Set(sent.b))
  assert.equal(b.received.length, sent.a.length)
  for (const box of [a, b]) {
    assert.equal(undecryptable(box), 0)
    const status = box.sessions.status()[0]!
    assert.ok(status.rekeys >= 28 && status.rekeys <= 33, `${status.rekeys} rekeys in an hour`)
    assert.equal(status.handshakes, 1)
    assert.equal(status.failures.timeout, 0)
  }
  await end(world, [a, b])
})

simulate('loss delays rekeys, but makes no packet undecryptable', [1, 8], async (world) => {
  const [a, b] = await pair(world, { verbMs: 1 })
  await untilAgreed(world, a, b, 3_000)
  world.network.setWeather({ ...anyWeather(world), lossRatio: 0.3 })
  const { sent, stop } = traffic(world, a, b)
  await world.clock.advance(1_200_000)
  stop()
  await world.clock.advance(1_000)
  assert.equal(undecryptable(a) + undecryptable(b), 0)
  // Nobody was ever without a keypair, and what the network took is all that is missing.
  assert.equal(sent.a.length, sent.b.length)
  assert.equal(sent.a.length, 12_001)
  assert.ok(a.received.length > 0.6 * sent.b.length && b.received.length > 0.6 * sent.a.length)
  // At this loss probes fall silent now and then, and a raw handshake takes the place of a rekey.
  const { handshakes, rekeys } = a.sessions.status()[0]!
  assert.ok(handshakes + rekeys >= 10)
  await end(world, [a, b])
})

simulate('both ends at once, with loss: one keypair in the end', 60, async (world) => {
  const lossRatio = 0.3 * world.random()
  const delayMs = 5 + 300 * world.random()
  world.network.setWeather({ lossRatio, duplicateRatio: 0.1, delayMs, jitterMs: 100 })
  const [a, b] = await pair(world, { verbMs: 2 * world.random() })
  await untilAgreed(world, a, b, 60_000)
  await end(world, [a, b])
})

simulate(
  'without loss both ends agree within the spread and two round trips',
  40,
  async (world) => {
    const [a, b] = await pair(world)
    const tookMs = await untilAgreed(world, a, b, 1_200)
    assert.ok(tookMs <= wireTiming.spreadMs + 4 * fairWeather.delayMs + 100, `${tookMs} ms`)
    await end(world, [a, b])
  },
)

simulate(
  'rekeys at both ends at once lose no packet and end in one keypair',
  [1, 2, 3, 4, 5, 6, 7, 38],
  async (world) => {
    const [a, b] = await pair(world, { verbMs: 2 })
    await untilAgreed(world, a, b, 3_000)
    world.network.setWeather({ ...fairWeather, delayMs: 40, jitterMs: 30 })
    await world.clock.advance(6_000)
    const { sent, stop } = traffic(world, a, b)
    for (let round = 0; round < 5; round++) {
      a.datapath.wearOut('b')
      if (world.random() < 0.7) await world.clock.advance(100 * world.random())
      b.datapath.wearOut('a')
      await world.clock.advance(15_000)
      assert.ok(await agree(world, a, b))
    }
    stop()
    await world.clock.advance(500)
    assert.equal(b.received.length, sent.a.length)
    assert.equal(a.received.length, sent.b.length)
    assert.equal(undecryptable(a) + undecryptable(b), 0)
    assert.ok(a.sessions.status()[0]!.rekeys >= 5)
    await end(world, [a, b])
  },
)

simulate('a restarted gateway goes on where the one before stopped', 3, async (world) => {
  const [a, b] = await pair(world, { verbMs: 1 })
  await untilAgreed(world, a, b, 3_000)
  const { sent, stop } = traffic(world, a, b)
  for (let round = 0; round < 12; round++) {
    await world.clock.advance(100_000 * world.random())
    const done = restartGateway(world, round % 2 === 0 ? a : b, { verbMs: 1 })
    await world.clock.advance(20)
    await done
  }
  await world.clock.advance(150_000)
  stop()
  await world.clock.advance(500)
  assert.equal(b.received.length, sent.a.length)
  assert.equal(a.received.length, sent.b.length)
  assert.equal(undecryptable(a) + undecryptable(b), 0)
  // Adopted and rekeyed, never handshaken anew: the last gateways would have counted that.
  for (const box of [a, b]) {
    const { handshakes, rekeys } = box.sessions.status()[0]!
    assert.equal(handshakes, 0)
    assert.ok(rekeys > 0)
  }
  await end(world, [a, b])
})

simulate(
  'a restarted datapath is back within the spread and two round trips',
  20,
  async (world) => {
    const [a, b] = await pair(world)
    await untilAgreed(world, a, b, 3_000)
    await world.clock.advance(world.random() * 200_000)
    await restartDatapath(world, a)
    const tookMs = await untilAgreed(world, a, b, 1_500)
    assert.ok(tookMs <= wireTiming.spreadMs + 4 * fairWeather.delayMs + 200, `${tookMs} ms`)
    // b sealed for keypairs that are gone until it heard of the new one; no longer.
    const lost = undecryptable(a)
    await world.clock.advance(10_000)
    assert.equal(undecryptable(a), lost)
    await end(world, [a, b])
  },
)

simulate('replayed handshakes change nothing and cost no packet', 4, async (world) => {
  const tape: { datagram: Uint8Array; from: UdpAddress; to: UdpAddress }[] = []
  let isReplaying = false
  world.network.onSend((datagram, from, to) => {
    if (!isReplaying && datagram[0]! >= 0xd4) tape.push({ datagram: datagram.slice(), from, to })
    return undefined
  })
  const [a, b] = await pair(world)
  await untilAgreed(world, a, b, 3_000)
  await restartDatapath(world, b)
  await untilAgreed(world, a, b, 3_000)
  assert.ok(tape.length >= 4)
  const before = [a, b].map((box) => box.datapath.installs)
  const { sent, stop } = traffic(world, a, b)
  const received = [a.received.length, b.received.length]
  for (let round = 0; round < 2_000; round++) {
    const { datagram, from, to } = tape[Math.floor(world.random() * tape.length)]!
    isReplaying = true
    world.network.send(datagram, from, to)
    isReplaying = false
    await world.clock.advance(50 * world.random())
  }
  stop()
  await world.clock.advance(500)
  assert.deepEqual(
    [a, b].map((box) => box.datapath.installs),
    before,
  )
  assert.equal(a.received.length - received[0]!, sent.b.length)
  assert.equal(b.received.length - received[1]!, sent.a.length)
  assert.ok(await agree(world, a, b))
  await end(world, [a, b])
})

simulate('after any mishaps the ends agree again, and stay so', 5, async (world) => {
  const options = { verbMs: 2 * world.random() }
  const [a, b] = await pair(world, options)
  const { stop } = traffic(world, a, b)
  for (let round = 0; round < 25; round++) {
    await mishap(world, world.random() < 0.5 ? a : b, options)
    await world.clock.advance(1_000 + 60_000 * world.random() ** 3)
  }
  world.network.setWeather(fairWeather)
  await untilAgreed(world, a, b, wireTiming.lifetimeMs)
  await world.clock.advance(wireTiming.lifetimeMs)
  const before = undecryptable(a) + undecryptable(b)
  await world.clock.advance(400_000)
  assert.ok(await agree(world, a, b))
  assert.equal(undecryptable(a) + undecryptable(b), before)
  for (const box of [a, b]) assert.match(box.sessions.status()[0]!.state, /^(up|rekeying)$/)
  stop()
  await end(world, [a, b])
})

async function mishap(world: World, box: Box, options: BoxOptions): Promise<void> {
  const kind = Math.floor(world.random() * 6)
  if (kind === 0) await during(world, restartGateway(world, box, options))
  else if (kind === 1) await during(world, restartDatapath(world, box, options))
  else if (kind === 2) world.network.setWeather(anyWeather(world))
  else if (kind === 3) box.datapath.wearOut(box.name === 'a' ? 'b' : 'a')
  else if (kind === 4) world.network.setWeather({ ...fairWeather, lossRatio: 1 })
  else world.network.setWeather(fairWeather)
}

async function during(world: World, work: Promise<void>): Promise<void> {
  await world.clock.advance(30)
  await work
}

function anyWeather({ random }: World): Weather {
  return {
    lossRatio: 0.3 * random(),
    duplicateRatio: 0.2 * random(),
    delayMs: 200 * random(),
    jitterMs: 400 * random(),
  }
}
