/** Discovery by hubs that answer STUN, behind every kind of NAT: what is found, how soon, and what it costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatEndpoint, parseEndpoint } from '../../firmware/model/address.ts'
import { encodeResponse } from '../../firmware/wire/stun.ts'
import { bentStun } from '../fuzz/stun-bytes.ts'
import { type By, type NatKind, type NatWorld, natWorld } from './nat-world.ts'
import { seeded } from './session-world.ts'

const words = {
  endpoint: 'endpoint-independent',
  address: 'address-dependent',
  port: 'address-and-port-dependent',
} as const

const two = [['203.0.113.1', '203.0.113.2']]

function serversOf({ hubs }: NatWorld, ports = [51_820, 3478]) {
  const hosts = hubs.flatMap(({ addresses }) => addresses)
  return ports.flatMap((port) => hosts.map((address) => ({ address, port })))
}

async function found(world: NatWorld, ms = 1_500) {
  await world.clock.advance(ms)
  return world.discovery.readings()[0]!
}

for (const mapping of Object.keys(words) as By[]) {
  for (const filtering of Object.keys(words) as By[]) {
    test(`a NAT that maps by ${mapping} and filters by ${filtering} is found to do so within 1.5 s`, async () => {
      const world = natWorld(1, two)
      world.setNat({ mapping, filtering, step: 3 })
      world.discovery.configure([world.box], serversOf(world))
      const reading = await found(world)
      assert.equal(reading.mapping, words[mapping])
      assert.equal(reading.filtering, words[filtering])
      assert.equal(reading.mapped?.address, '198.51.100.20')
      assert.equal(reading.isBlocked, false)
      assert.equal(reading.portStep !== 0, mapping !== 'endpoint')
      assert.equal(reading.answered.length, 4)
    })
  }
}

test('without a NAT the mapped address is the own one, and anybody gets through', async () => {
  const world = natWorld(2, two)
  world.discovery.configure([world.box], serversOf(world))
  const { mapped, mapping, filtering } = await found(world, 200)
  assert.deepEqual(mapped, world.box.socket.local)
  assert.deepEqual([mapping, filtering], ['none', 'endpoint-independent'])
})

test('a hub with one address tells all but whether filters mind addresses alone', async () => {
  for (const [filtering, said] of [
    ['endpoint', 'address-dependent'],
    ['address', 'address-dependent'],
    ['port', 'address-and-port-dependent'],
  ] as const) {
    const world = natWorld(3, [['203.0.113.1']])
    world.setNat({ mapping: 'endpoint', filtering })
    world.discovery.configure([world.box], serversOf(world))
    const reading = await found(world)
    assert.deepEqual([reading.mapping, reading.filtering], ['endpoint-independent', said])
  }
})

test('what gets through only to 443 is not blocked; what gets through nowhere is, and is tried ever more seldom', async () => {
  const kind: NatKind = { mapping: 'endpoint', filtering: 'port', blocks: [51_820, 3478] }
  const world = natWorld(4, two)
  world.setNat(kind)
  world.discovery.configure([world.box], serversOf(world, [51_820, 443]))
  const reading = await found(world)
  assert.equal(reading.isBlocked, false)
  assert.deepEqual(
    reading.answered.map(({ port }) => port),
    [443, 443],
  )
  world.setNat({ ...kind, blocks: [51_820, 443, 3478] })
  world.discovery.refresh()
  assert.equal((await found(world, 4_000)).isBlocked, true)
  const before = world.sent()
  await world.clock.advance(86_400_000)
  const rounds = (world.sent() - before) / ((4 + 2 * 2) * 3)
  assert.ok(rounds > 20 && rounds < 40, `${rounds} rounds a day`)
  // Somebody else knows first.
  world.setNat(kind)
  world.discovery.retry()
  assert.equal((await found(world, 300)).isBlocked, false)
  world.discovery.retry()
  world.setNat({ ...kind, blocks: [51_820, 443, 3478] })
  world.discovery.refresh()
  assert.equal((await found(world, 4_000)).isBlocked, true)
  world.setNat(kind)
  await world.clock.advance(3_600_000)
  assert.equal(world.discovery.readings()[0]?.isBlocked, false)
})

const allPorts = [51_820, 443, 3478]

/** A hub that answers at no more ports than told, at first at the overlay's; and when each round began, in seconds from the first. */
function halfHub(seed: number) {
  const world = natWorld(seed, [['203.0.113.1']])
  world.setNat({ mapping: 'endpoint', filtering: 'port' })
  const hub: { answersAt: readonly number[] } = { answersAt: [51_820] }
  const askedMs: number[] = []
  world.network.onSend((_, from, to) => {
    if (from.address === '198.51.100.20') askedMs.push(world.clock.nowMs())
    const isLost = to.address === '203.0.113.1' && !hub.answersAt.includes(to.port)
    return isLost ? { ...calm, lossRatio: 1 } : undefined
  })
  const rounds = (): number[] => {
    const beganMs = askedMs.filter((atMs, at) => at === 0 || atMs - askedMs[at - 1]! > 1_000)
    return beganMs.map((atMs) => (atMs - askedMs[0]!) / 1_000)
  }
  world.discovery.configure([world.box], serversOf(world, allPorts))
  return { world, hub, rounds }
}

for (const silentMs of [0, 300_000]) {
  test(`of a hub that begins to answer when a round ends, silent for ${silentMs / 1_000} s, all ports are heard within seconds`, async () => {
    const { world, hub } = halfHub(10)
    hub.answersAt = silentMs > 0 ? [] : [51_820]
    await world.clock.advance(silentMs)
    hub.answersAt = [51_820]
    // As it does once there is a session with the hub.
    world.discovery.retry()
    const { mapping, answered } = await found(world)
    assert.deepEqual([mapping, answered.map(({ port }) => port)], ['unknown', [51_820]])
    const told: string[] = []
    world.discovery.onChange(() => told.push(world.discovery.readings()[0]!.mapping))
    hub.answersAt = allPorts
    const whole = await found(world, 3_500)
    assert.deepEqual([whole.mapping, whole.answered.length], ['endpoint-independent', 3])
    assert.equal(told.at(-1), 'endpoint-independent')
  })
}

test('who stays silent is asked three times more, however often somebody wants to know; then again once all have answered', async () => {
  const { world, hub, rounds } = halfHub(11)
  const day = 86_400_000
  await world.clock.advance(day)
  assert.deepEqual(rounds(), [0, 3.4, 8.8, 18.2])
  for (const isHalf of [true, true, false, true]) {
    hub.answersAt = isHalf ? [51_820] : allPorts
    world.discovery.refresh()
    await world.clock.advance(day)
  }
  assert.deepEqual(
    rounds()
      .slice(4)
      .map((at) => Math.floor((1_000 * at) / day)),
    [1, 2, 3, 4, 4, 4, 4],
  )
})

test('an address is told within 300 ms, also where some servers are silent', async () => {
  const world = natWorld(5, two)
  world.setNat({ mapping: 'endpoint', filtering: 'port', blocks: [3478] })
  world.discovery.configure([world.box], serversOf(world))
  const { mapped, mapping } = await found(world, 300)
  assert.equal(mapped?.address, '198.51.100.20')
  assert.equal(mapping, 'endpoint-independent')
})

test('at rest nothing is sent; asked again it asks again, but not twice within 2 s', async () => {
  const world = natWorld(6, two)
  world.setNat({ mapping: 'endpoint', filtering: 'port' })
  let changes = 0
  world.discovery.onChange(() => changes++)
  world.discovery.configure([world.box], serversOf(world))
  await world.clock.advance(2_000)
  const [once, told] = [world.sent(), changes]
  await world.clock.advance(86_400_000)
  assert.equal(world.sent(), once)
  for (let times = 0; times < 10; times++) world.discovery.refresh()
  // The same configuration again asks nothing either.
  world.discovery.configure([world.box], serversOf(world))
  await world.clock.advance(1_900)
  for (let times = 0; times < 10; times++) world.discovery.refresh()
  await world.clock.advance(3_000)
  assert.equal(world.sent(), 3 * once)
  assert.equal(changes, told, 'nothing is new')
})

test('another public address is found when somebody asks, at once; another uplink’s readings go', async () => {
  const world = natWorld(7, two)
  world.setNat({ mapping: 'endpoint', filtering: 'endpoint' })
  world.discovery.configure([world.box], serversOf(world))
  await world.clock.advance(5_000)
  let changes = 0
  world.discovery.onChange(() => changes++)
  world.setNat({ mapping: 'endpoint', filtering: 'endpoint' }, '198.51.100.77')
  world.discovery.refresh()
  const { mapped, filtering } = await found(world, 100)
  assert.equal(mapped?.address, '198.51.100.77')
  assert.equal(filtering, 'endpoint-independent')
  assert.ok(changes > 0)
  world.discovery.configure([], serversOf(world))
  assert.deepEqual(world.discovery.readings(), [])
  const before = world.sent()
  await world.clock.advance(60_000)
  assert.equal(world.sent(), before)
})

test('lost datagrams are sent again; malformed and alien ones change nothing of a discovery that runs', async () => {
  const quiet = natWorld(8, two)
  quiet.setNat({ mapping: 'port', filtering: 'port' })
  quiet.discovery.configure([quiet.box], serversOf(quiet))
  const wanted = await found(quiet)
  const world = natWorld(8, two)
  world.setNat({ mapping: 'port', filtering: 'port' })
  const random = seeded(9)
  let seen = 0
  let isNoise = false
  world.network.onSend((_, from, to) => {
    if (isNoise) return undefined
    // Nearly each question is lost once; whatever is sent to the box comes with noise from the same place.
    if (from.address === '198.51.100.20') return { lossRatio: seen++ < 6 ? 1 : 0, ...calm }
    for (let count = 0; count < 20 && to.address === '198.51.100.20'; count++) {
      const noise = count === 0 ? alien() : bentStun(random)
      world.clock.after(1 + 10 * random(), () => {
        isNoise = true
        world.network.send(noise, from, to)
        isNoise = false
      })
    }
    return undefined
  })
  const alien = () => {
    const elsewhere = parseEndpoint('6.6.6.6:666')!
    const id = Uint8Array.from({ length: 12 }, () => Math.floor(256 * random()))
    return encodeResponse({ transactionId: id, mapped: elsewhere, origin: elsewhere, other: null })
  }
  world.discovery.configure([world.box], serversOf(world))
  await world.clock.advance(1_500)
  const { mapping, filtering, mapped, answered } = world.discovery.readings()[0]!
  assert.deepEqual(
    [mapping, filtering, mapped?.address, answered.map(formatEndpoint)],
    [wanted.mapping, wanted.filtering, '198.51.100.20', wanted.answered.map(formatEndpoint)],
  )
})

const calm = { duplicateRatio: 0, delayMs: 10, jitterMs: 0 }
