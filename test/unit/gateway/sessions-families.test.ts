/** IPv4 and IPv6 endpoints: which is tried from where, and what comes of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Uplink } from '../../../firmware/gateway/sessions/session.ts'
import { UplinkSockets } from '../../../firmware/gateway/uplink-sockets.ts'
import { fairWeather } from '../../../firmware/host/udp/fake.ts'
import type { UdpAddress } from '../../../firmware/host/udp/udp.ts'
import type { UplinkPlace } from '../../../firmware/plan/compile.ts'
import { addBox, bootDatapath, createWorld, peerOf } from '../../sim/session-world.ts'

test('an uplink has sockets for its first address of each family, under one name, on each of its ports', async () => {
  const world = createWorld(51)
  const bound: UdpAddress[] = []
  await using sockets = new UplinkSockets(async (local) => {
    bound.push(local)
    return world.network.bind(local)
  })
  const addresses = ['192.0.2.2/30', '2001:db8::2/64', '2001:db8::3/64']
  const places: readonly UplinkPlace[] = [{ name: 'wan0', addresses }]
  const ports = { overlay: 51_820, otherOverlay: [], stun: null }
  const { overlay: uplinks } = await sockets.update(ports, places)
  assert.deepEqual(
    bound.map(({ address }) => address),
    ['192.0.2.2', '2001:db8::2'],
  )
  assert.deepEqual(
    uplinks.map(({ name }) => name),
    ['wan0', 'wan0'],
  )
  // The same configuration again binds nothing anew.
  const same = await sockets.update(ports, places)
  await same.retire()
  assert.equal(bound.length, 2)
  const more = await sockets.update({ ...ports, otherOverlay: [443, 4500], stun: 3478 }, places)
  const portsOf = (list: readonly Uplink[]): number[] => list.map(({ socket }) => socket.local.port)
  assert.deepEqual(more.overlay, uplinks)
  assert.deepEqual(portsOf(more.otherOverlay), [443, 4500, 443, 4500])
  assert.deepEqual(portsOf(more.stun), [3478, 3478])
  // What is listened on no longer is free for others.
  await more.retire()
  await (await sockets.update(ports, places)).retire()
  await using _free = world.network.bind({ address: '192.0.2.2', port: 443 })
})

test('each socket tries all endpoints of its family in turn, and none of the other', async () => {
  const world = createWorld(52)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  const v6 = world.network.bind({ address: '2001:db8::1', port: 51_820 })
  const four = Array.from({ length: 8 }, (_, index) => ({
    address: `198.51.100.${index + 2}`,
    port: 9,
  }))
  const six = Array.from({ length: 3 }, (_, index) => ({
    address: `2001:db8:1::${index + 2}`,
    port: 9,
  }))
  const tried = new Map<string, Set<string>>()
  world.network.onSend((_, from, to) => {
    tried.set(from.address, (tried.get(from.address) ?? new Set()).add(to.address))
    return undefined
  })
  const uplinks = [a.socket, v6].map((socket) => ({ name: 'wan0', socket }))
  const peers = [peerOf(b, { endpoints: [...four, ...six] })]
  await a.sessions.configure({ uplinks, peers }, a.datapath)
  await world.clock.advance(60_000)
  assert.deepEqual(
    [...tried.get(a.local.address)!].sort(),
    four.map(({ address }) => address).sort(),
  )
  assert.deepEqual([...tried.get('2001:db8::1')!].sort(), six.map(({ address }) => address).sort())
})

test('a session comes up over IPv6 when nobody answers over IPv4', async () => {
  const world = createWorld(53)
  const a = addBox(world, 'a', '2001:db8::1')
  const b = addBox(world, 'b', '2001:db8:1::1')
  const fourOfA = world.network.bind({ address: '192.0.2.1', port: 51_820 })
  const uplinks = [fourOfA, a.socket].map((socket) => ({ name: 'wan0', socket }))
  const peers = [
    peerOf(b, {
      endpoints: [{ address: '198.51.100.9', port: 9 }, b.local],
    }),
  ]
  const ofB = [{ name: 'wan0', socket: b.socket }]
  await b.sessions.configure({ uplinks: ofB, peers: [peerOf(a, { endpoints: [] })] }, b.datapath)
  await a.sessions.configure({ uplinks, peers }, a.datapath)
  await world.clock.advance(2_000)
  const { state, uplink, endpoint } = a.sessions.status()[0]!
  assert.deepEqual({ state, uplink }, { state: 'up', uplink: 'wan0' })
  assert.deepEqual(endpoint, b.local)
})

test('who is challenged over the other family goes on there', async () => {
  const world = createWorld(55)
  const a = addBox(world, 'a', '2001:db8::1')
  const b = addBox(world, 'b', '2001:db8:1::1')
  const fourOfA = world.network.bind({ address: '192.0.2.1', port: 51_820 })
  const uplinks = [fourOfA, a.socket].map((socket) => ({ name: 'wan0', socket }))
  const peers = [peerOf(b, { endpoints: [{ address: '198.51.100.9', port: 9 }, b.local] })]
  const ofB = [{ name: 'wan0', socket: b.socket }]
  await b.sessions.configure({ uplinks: ofB, peers: [peerOf(a, { endpoints: [] })] }, b.datapath)
  await a.sessions.configure({ uplinks, peers }, a.datapath)
  await world.clock.advance(2_000)
  const challenged: UdpAddress[] = []
  world.network.onSend((datagram, _from, to) => {
    if (datagram[0] === 0xd7) challenged.push(to)
    return undefined
  })
  // It has no keys any more, and b still has: who calls so must be live.
  a.datapath.kill('killed by the test')
  a.datapath = bootDatapath(world, a)
  await a.sessions.configure({ uplinks, peers }, a.datapath)
  await world.clock.advance(3_000)
  assert.deepEqual(challenged, [a.socket.local])
  const { state, endpoint } = a.sessions.status()[0]!
  assert.deepEqual({ state, endpoint }, { state: 'up', endpoint: b.local })
})

test('a peer that calls another of the overlay’s ports is answered by it, and by it alone', async () => {
  const world = createWorld(54)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  const web = world.network.bind({ address: b.local.address, port: 443 })
  const ofB = {
    uplinks: [{ name: 'wan0', socket: b.socket }],
    otherPorts: [{ name: 'wan0', socket: web }],
  }
  const { install } = b.datapath
  const installed: number[] = []
  b.datapath.install = (keypair) => {
    installed.push(keypair.localPort)
    return install(keypair)
  }
  const called: number[] = []
  const answered: number[] = []
  world.network.onSend((datagram, from, to) => {
    if (datagram[0] === 0xd4) called.push(to.port)
    if (datagram[0] === 0xd5) answered.push(from.port)
    // The firewall before a lets nothing out but 443.
    return to.address === b.local.address && to.port !== 443
      ? { ...fairWeather, lossRatio: 1 }
      : undefined
  })
  await b.sessions.configure({ ...ofB, peers: [peerOf(a, { endpoints: [] })] }, b.datapath)
  const endpoints = [b.local, { ...b.local, port: 443 }]
  const ofA = { uplinks: [{ name: 'wan0', socket: a.socket }], peers: [peerOf(b, { endpoints })] }
  await a.sessions.configure(ofA, a.datapath)
  await world.clock.advance(2_000)
  assert.deepEqual(called.slice(0, 2), [51_820, 443])
  assert.deepEqual(answered, [443])
  assert.deepEqual(a.sessions.status()[0]!.endpoint, endpoints[1])
  assert.deepEqual(installed, [443])
})
