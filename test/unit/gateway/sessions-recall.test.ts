/** A box that begins anew calls those of whom it has no endpoint where it heard them last. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Whereabout } from '../../../firmware/model/whereabouts.ts'
import {
  addBox,
  agree,
  type Box,
  bootDatapath,
  bootSessions,
  configure,
  createWorld,
  peerOf,
  type World,
} from '../../sim/session-world.ts'

const at = ({ local }: Box, change: Partial<Whereabout> = {}): Whereabout => ({
  ...{ uplink: 'wan0', localPort: 51_820 },
  ...{ remoteAddress: local.address, remotePort: local.port, ...change },
})

/** A hub, and a branch that it cannot call, in session. */
async function joined(world: World): Promise<readonly [Box, Box]> {
  const hub = addBox(world, 'hub', '203.0.113.1')
  const branch = addBox(world, 'branch', '198.51.100.1')
  await configure(hub, [peerOf(branch, { endpoints: [] })])
  await configure(branch, [peerOf(hub)])
  await world.clock.advance(1_000)
  assert.ok(await agree(world, hub, branch))
  return [hub, branch]
}

/** Both processes of the box begin anew, and nothing of it is told. */
async function reboot(world: World, box: Box, places: readonly Whereabout[]): Promise<void> {
  await box.sessions[Symbol.asyncDispose]()
  box.datapath.kill('rebooted')
  box.datapath = bootDatapath(world, box)
  box.sessions = bootSessions(world, box, { whereabouts: () => places })
}

test('a branch without an endpoint has its session back 2 s after its hub, where that remembers it; else not', async () => {
  for (const isRemembered of [true, false]) {
    const world = createWorld(90)
    const [hub, branch] = await joined(world)
    await reboot(world, hub, isRemembered ? [at(branch)] : [])
    await configure(hub, hub.peers)
    await world.clock.advance(2_000)
    assert.equal(await agree(world, hub, branch), isRemembered)
  }
})

test('it is called by the port and the uplink by which it came, and by no other', async () => {
  const world = createWorld(91)
  const [hub, branch] = await joined(world)
  const other = world.network.bind({ address: hub.local.address, port: 443 })
  const fourth = world.network.bind({ address: '203.0.113.2', port: 51_820 })
  const places = [at(branch, { localPort: 443 }), at(branch, { uplink: 'gone0' })]
  await reboot(world, hub, places)
  await hub.sessions.configure(
    {
      uplinks: [
        { name: 'wan0', socket: hub.socket },
        { name: 'lte0', socket: fourth },
      ],
      otherPorts: [{ name: 'wan0', socket: other }],
      peers: hub.peers,
    },
    hub.datapath,
  )
  const before = hub.socket.counters().sent
  await world.clock.advance(1_500)
  assert.ok(await agree(world, hub, branch))
  assert.ok(other.counters().sent > 0)
  assert.deepEqual([hub.socket.counters().sent - before, fourth.counters().sent], [0, 0])
})

test('the place that is named first is called first', async () => {
  const world = createWorld(94)
  const [hub, branch] = await joined(world)
  const places = [at(branch), at(branch, { remotePort: 9 })]
  for (const order of [places, places.toReversed()]) {
    await reboot(world, hub, order)
    await configure(hub, hub.peers)
    await world.clock.advance(2_000)
    assert.equal(await agree(world, hub, branch), order === places)
    await world.clock.advance(20_000)
    assert.ok(await agree(world, hub, branch))
  }
})

test('who is there no more is called thirty times, and no more', async () => {
  const world = createWorld(92)
  const [hub, branch] = await joined(world)
  branch.datapath.kill('gone')
  await branch.sessions[Symbol.asyncDispose]()
  await reboot(world, hub, [at(branch)])
  const before = hub.socket.counters().sent
  await configure(hub, hub.peers)
  await world.clock.advance(3_600_000)
  // Each is sent four times.
  assert.equal(hub.socket.counters().sent - before, 30 * 4)
  assert.equal(hub.sessions.status()[0]!.state, 'down')
})

test('a peer that has an endpoint is called there first, and at both in turn', async () => {
  const world = createWorld(93)
  const [hub, branch] = await joined(world)
  const elsewhere = addBox(world, 'elsewhere', '198.51.100.9')
  const heard: string[] = []
  for (const box of [branch, elsewhere]) box.socket.onDatagram(() => heard.push(box.name))
  branch.datapath.kill('gone')
  await branch.sessions[Symbol.asyncDispose]()
  await reboot(world, hub, [at(branch)])
  await configure(hub, [peerOf(branch, { endpoints: [elsewhere.local] })])
  await world.clock.advance(20_000)
  assert.equal(heard[0], 'elsewhere')
  const changes = heard.filter((name, index) => index > 0 && name !== heard[index - 1])
  assert.deepEqual(changes.slice(0, 2), ['branch', 'elsewhere'])
})

test('nobody is called at this box itself, nor where no host can be', async () => {
  const world = createWorld(95)
  const [hub, branch] = await joined(world)
  branch.datapath.kill('gone')
  await branch.sessions[Symbol.asyncDispose]()
  const addresses = ['255.255.255.255', '127.0.0.1', '0.0.0.0', '224.0.0.1', hub.local.address]
  const places = addresses.map((remoteAddress) => at(branch, { remoteAddress }))
  await reboot(world, hub, places)
  const before = hub.socket.counters().sent
  await configure(hub, hub.peers)
  await world.clock.advance(60_000)
  assert.equal(hub.socket.counters().sent, before)
})
