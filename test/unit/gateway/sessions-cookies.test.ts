/** What a flood of handshakes may cost, what its senders get for it, and how an honest one gets through. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UdpAddress } from '../../../firmware/host/udp/udp.ts'
import { wireTiming } from '../../../firmware/plan/session.ts'
import { mac1Key, withMacs, writeInitiation } from '../../../firmware/wire/handshake.ts'
import { rawPrologue } from '../../../firmware/wire/keys.ts'
import { x25519Pair } from '../../../firmware/wire/x25519.ts'
import {
  addBox,
  agree,
  type Box,
  configure,
  createWorld,
  peerOf,
  type World,
} from '../../sim/session-world.ts'

/** One whose mac1 holds; nothing else of it does. */
function forged(world: World, to: Box): Buffer {
  const message = Buffer.concat([Buffer.of(0xd4, 0, 0, 0), world.randomBytes(124)])
  return withMacs(message, mac1Key(to.wireKey.publicKey))
}

/** 800 a second, each from somewhere else, unless told otherwise. */
function flood(world: World, to: Box, one?: UdpAddress): () => void {
  let cancel = (): void => undefined
  const tick = (): void => {
    for (let count = 0; count < 8; count++) {
      const [x, y, z] = world.randomBytes(3)
      const from = { address: `10.${x}.${y}.${z}`, port: 1_024 + (x! << 4) }
      world.network.send(forged(world, to), one ?? from, to.local)
    }
    cancel = world.clock.after(10, tick)
  }
  tick()
  return () => cancel()
}

test('during a flood from forged addresses a peer comes up by a cookie, within a second', async () => {
  const world = createWorld(41)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(b, [peerOf(a, { endpoints: [] })])
  const stop = flood(world, b)
  await world.clock.advance(1_000)
  const types: number[] = []
  world.network.onSend((datagram, from, to) => {
    if (from.address === a.local.address || to.address === a.local.address) types.push(datagram[0]!)
    return undefined
  })
  const cookiesBefore = b.sessions.strays().cookie
  await configure(a, [peerOf(b)])
  await world.clock.advance(2_500)
  stop()
  assert.ok(await agree(world, a, b))
  assert.deepEqual(types.slice(0, 4), [0xd4, 0xd6, 0xd4, 0xd5])
  const { unauthentic, cookie, limited } = b.sessions.strays()
  // 200 a second, and the burst; the rest was answered with cookies.
  assert.ok(unauthentic <= 3.6 * 200 + 64, `${unauthentic} Diffie-Hellman for strangers`)
  assert.ok(cookie - cookiesBefore >= 1_400 && limited === 0, `${cookie} cookies`)
})

test('nothing that a stranger gets is larger than what it sent, nor more than one for one', async () => {
  const world = createWorld(42)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(b, [peerOf(a, { endpoints: [] })])
  let got = 0
  world.network.onSend((datagram, from) => {
    if (from.address !== b.local.address) return undefined
    assert.equal(datagram.length, 64)
    got++
    return undefined
  })
  for (let count = 0; count < 50; count++) a.socket.send(forged(world, b), b.local)
  await world.clock.advance(100)
  assert.equal(got, 45)
  assert.deepEqual(b.sessions.strays().cookie, 45)
})

test('who shows a cookie has a rate too, and gets no other cookie above it', async () => {
  const world = createWorld(43)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(b, [])
  await configure(a, [peerOf(b)])
  const kept: Buffer[] = []
  world.network.onSend((datagram) => {
    if (datagram[0] === 0xd4) kept.push(Buffer.from(datagram))
    return undefined
  })
  // The box is over the rate of its source, so its own initiation is asked for a cookie.
  const cancel = flood(world, b, a.local)
  await world.clock.advance(1_200)
  cancel()
  const shown = kept.find((datagram) => datagram.subarray(144).some((byte) => byte !== 0))
  assert.ok(shown !== undefined)
  await world.clock.advance(1_000)
  const before = b.sessions.strays()
  for (let count = 0; count < 40; count++) a.socket.send(shown, b.local)
  await world.clock.advance(100)
  const { unknown, limited, cookie } = b.sessions.strays()
  assert.equal(unknown - before.unknown, 5)
  assert.equal(limited - before.limited, 35)
  // From elsewhere it is as good as none.
  const other = world.network.bind({ address: '192.0.2.9', port: 7 })
  for (let count = 0; count < 6; count++) other.send(shown, b.local)
  await world.clock.advance(100)
  assert.equal(b.sessions.strays().cookie, cookie + 1)
})

test('a cookie is kept for two minutes, shown at once, and taken only from where it may come', async () => {
  const world = createWorld(44)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  const mallory = world.network.bind({ address: '203.0.113.9', port: 51_820 })
  await configure(a, [peerOf(b)])
  const shown: boolean[] = []
  world.network.onSend((datagram, from) => {
    if (from.address === a.local.address && datagram[0] === 0xd4) {
      shown.push(datagram.subarray(144).some((byte) => byte !== 0))
    }
    return undefined
  })
  await world.clock.advance(3_000)
  mallory.send(Buffer.concat([Buffer.of(0xd6), Buffer.alloc(63)]), a.local)
  mallory.send(Buffer.of(0xd6), a.local)
  await world.clock.advance(100)
  assert.deepEqual(a.sessions.strays(), { ...a.sessions.strays(), malformed: 1, stale: 1 })
  assert.ok(shown.every((isShown) => !isShown))
  // b has not so much as a peer: all it says is that it has too much to do.
  await configure(b, [])
  const stop = flood(world, b)
  await world.clock.advance(8_000)
  stop()
  assert.ok(shown.some((isShown) => isShown))
  const from = shown.length
  await world.clock.advance(wireTiming.cookieMs + 20_000)
  const later = shown.slice(from)
  assert.ok(later[0])
  assert.equal(later.at(-1), false)
})

test('a response over the rate is asked for a cookie as well', async () => {
  const world = createWorld(45)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(b, [peerOf(a, { endpoints: [] })])
  await configure(a, [peerOf(b)])
  const types: string[] = []
  let isFirst = true
  world.network.onSend((datagram, from, to) => {
    if (to.address === a.local.address && datagram[0] === 0xd5 && isFirst) {
      isFirst = false
      // Somebody on the way doubles it with changes, faster than it comes itself.
      for (let count = 0; count < 8; count++) {
        const copy = Buffer.from(datagram)
        const bent = withMacs(
          Buffer.concat([copy.subarray(0, 12), world.randomBytes(56)]),
          mac1Key(a.wireKey.publicKey),
        )
        world.network.send(bent, from, to)
      }
    }
    types.push(`${datagram[0]!.toString(16)}${datagram.at(-1) === 0 ? '' : '+'}`)
    return undefined
  })
  await world.clock.advance(3_000)
  assert.ok(await agree(world, a, b))
  assert.ok(types.includes('d6+') || types.includes('d6'), types.join(' '))
  assert.ok(a.sessions.strays().cookie > 0)
})

test('genuine initiations are worked on in the order of their standing, never more than wait', async () => {
  const world = createWorld(46)
  const b = addBox(world, 'b', '198.51.100.1')
  await configure(b, [])
  for (let count = 0; count < 400; count++) {
    const { message } = writeInitiation({
      prologue: rawPrologue(world.tenant),
      local: x25519Pair(world.randomBytes(32)),
      remoteStatic: b.wireKey.publicKey,
      ephemeral: x25519Pair(world.randomBytes(32)),
      senderIndex: 1 + count,
      payload: {
        challenge: new Uint8Array(16),
        suites: ['chacha20-poly1305'],
        pskNumber: 0,
        uplink: 0,
      },
    })
    const from = { address: `10.0.${count >> 8}.${count & 255}`, port: 9 }
    world.network.send(withMacs(message, mac1Key(b.wireKey.publicKey)), from, b.local)
  }
  await world.clock.advance(15)
  assert.ok(b.sessions.strays().unknown <= 66)
  await world.clock.advance(1_000)
  const { unknown, cookie, limited } = b.sessions.strays()
  assert.deepEqual({ unknown, cookie, limited }, { unknown: 128, cookie: 200, limited: 72 })
  await b.sessions[Symbol.asyncDispose]()
})
