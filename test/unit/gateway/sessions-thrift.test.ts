/** How often a peer that does not answer is called where each byte is paid for, and what it is not put off for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addBox, agree, type Box, configure, createWorld, peerOf } from '../../sim/session-world.ts'

/** An initiation, with the headers of IPv4 and UDP. */
const callBytes = 160 + 28
const dayMs = 86_400_000
const dayBytes = 1_000_000
const hourMs = 3_600_000

/** `a` calls `b`, which is not there: by an uplink that is paid for, and perhaps by one that is not. */
async function callInVain(seed: number, hasFree = false) {
  const world = createWorld(seed)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  const free = addBox(world, 'free', '192.0.2.9')
  const dear = { name: 'wan0', socket: a.socket, isMetered: true }
  const uplinks = [dear, ...(hasFree ? [{ name: 'lte0', socket: free.socket }] : [])]
  await configure(a, [peerOf(b)], uplinks)
  return { world, a, b, free, dear }
}

function sent({ socket }: Box): number {
  return socket.counters().sent
}

test('a peer that is never there is called for less than a megabyte a day', async () => {
  const { world, a } = await callInVain(81)
  await world.clock.advance(hourMs)
  const before = sent(a)
  await world.clock.advance(hourMs)
  const perDay = ((sent(a) - before) * callBytes * dayMs) / hourMs
  assert.ok(perDay > 0 && perDay < dayBytes, `${perDay} bytes`)
})

test('one that is there again has a session within two minutes', async () => {
  const { world, a, b } = await callInVain(82)
  await world.clock.advance(hourMs)
  await configure(b, [peerOf(a, { endpoints: [] })])
  await world.clock.advance(100_000)
  assert.ok(await agree(world, a, b))
})

test('a packet that waits has it called at once', async () => {
  const { world, a } = await callInVain(83)
  await world.clock.advance(hourMs)
  for (let packet = 0; packet < 5; packet++) {
    const before = sent(a)
    a.datapath.sendData('b', Buffer.from('data'))
    await world.clock.advance(10_000)
    assert.ok(sent(a) > before)
  }
})

test('by an uplink that costs nothing it is called as ever, and little by the other', async () => {
  const { world, a, free } = await callInVain(84, true)
  await world.clock.advance(hourMs)
  const before = { dear: sent(a), free: sent(free) }
  await world.clock.advance(hourMs)
  const dearPerDay = ((sent(a) - before.dear) * callBytes * dayMs) / hourMs
  assert.ok(dearPerDay > 0 && dearPerDay < dayBytes, `${dearPerDay} bytes`)
  assert.ok(sent(free) - before.free > (hourMs / 6_000) * 3)
})

test('at another place nothing is put off for what was in vain at the one before', async () => {
  const { world, a, free } = await callInVain(85)
  await world.clock.advance(hourMs)
  await configure(a, a.peers, [{ name: 'wan0', socket: free.socket, isMetered: true }])
  await world.clock.advance(1_000)
  assert.ok(sent(free) > 0)
})

test('nor at another endpoint of the peer, nor once calls cost nothing', async () => {
  const corrected = await callInVain(86)
  await corrected.world.clock.advance(hourMs)
  const there = addBox(corrected.world, 'there', '198.51.100.9')
  let heard = 0
  there.socket.onDatagram(() => heard++)
  await configure(
    corrected.a,
    [peerOf(corrected.b, { endpoints: [there.local] })],
    [corrected.dear],
  )
  await corrected.world.clock.advance(7_000)
  assert.ok(heard > 0)
  const { world, a, dear } = await callInVain(87)
  await world.clock.advance(hourMs)
  const before = sent(a)
  await configure(a, a.peers, [{ ...dear, isMetered: false }])
  await world.clock.advance(7_000)
  assert.ok(sent(a) > before)
})
