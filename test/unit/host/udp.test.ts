/** UDP ports: the machine's on loopback, and the network of the fakes. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { fakeNetwork } from '../../../firmware/host/udp/fake.ts'
import { bindUdp } from '../../../firmware/host/udp/system.ts'
import type { UdpAddress, UdpSocket } from '../../../firmware/host/udp/udp.ts'
import { seeded } from '../../sim/session-world.ts'

function nextDatagram(socket: UdpSocket): Promise<{ data: string; from: UdpAddress }> {
  return new Promise((resolve) => {
    const stop = socket.onDatagram((datagram, from) => {
      stop()
      resolve({ data: Buffer.from(datagram).toString(), from })
    })
  })
}

for (const address of ['127.0.0.1', '::1']) {
  test(`datagrams cross loopback at ${address}, with the sender's bound address`, async () => {
    await using a = await bindUdp({ address, port: 0 })
    await using b = await bindUdp({ address, port: 0 })
    assert.ok(a.local.port > 0)
    const got = nextDatagram(b)
    a.send(Buffer.from('hello'), b.local)
    assert.deepEqual(await got, { data: 'hello', from: a.local })
    assert.equal(b.counters().received, 1)
  })
}

test('an address that is taken is refused, and free again after the end', async () => {
  const first = await bindUdp({ address: '127.0.0.1', port: 0 })
  await assert.rejects(bindUdp(first.local), { code: 'EADDRINUSE' })
  await first[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
  await using again = await bindUdp(first.local)
  assert.equal(again.local.port, first.local.port)
})

for (const address of ['127.0.0.1', '::1']) {
  test(`a socket that belongs to a link sends and hears as any other, at ${address}`, async () => {
    await using a = await bindUdp({ address, port: 0 }, 'lo')
    await using b = await bindUdp({ address, port: 0 })
    const got = nextDatagram(a)
    b.send(Buffer.from('hello'), a.local)
    assert.deepEqual(await got, { data: 'hello', from: b.local })
    const back = nextDatagram(b)
    a.send(Buffer.from('well'), b.local)
    assert.deepEqual(await back, { data: 'well', from: a.local })
    await assert.rejects(bindUdp(a.local, 'lo'), { code: 'EADDRINUSE', syscall: 'bind' })
    assert.equal(a.isStale(), false)
  })
}

test('links of one address have a place each, and one that is made anew has another', () => {
  const script = new URL('./udp-device-inside.ts', import.meta.url).pathname
  const text = execFileSync('unshare', ['--net', process.execPath, script], { encoding: 'utf8' })
  assert.deepEqual(JSON.parse(text), [
    ...['192.168.7.2 51820', '192.168.7.2 51820'],
    ...['bind EADDRINUSE', 'bind ENODEV', 'bind EADDRINUSE'],
    ...['fe80::7%d0 51820', 'fe80::7%d1 51820', 'bind EADDRNOTAVAIL'],
    ...['stale: false false', 'stale: true false', 'stale: true false'],
    '192.168.7.2 51820',
  ])
})

test('a place that is refused again and again costs no descriptors', async () => {
  await using taken = await bindUdp({ address: '127.0.0.1', port: 0 })
  const before = openSockets()
  for (let round = 0; round < 20; round++) {
    await assert.rejects(bindUdp(taken.local), { code: 'EADDRINUSE' })
    await assert.rejects(bindUdp(taken.local, 'lo'), { code: 'EADDRINUSE' })
  }
  // A closed socket is let go of in the next turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(openSockets(), before)
})

function openSockets(): number {
  const folder = '/proc/self/fd'
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`).startsWith('socket:')
    } catch {
      // The descriptor by which the folder itself was read.
      return false
    }
  }).length
}

test('what cannot be sent is counted, never thrown', async () => {
  const socket = await bindUdp({ address: '127.0.0.1', port: 0 })
  socket.send(Buffer.from('x'), { address: '127.0.0.1', port: 0 })
  await socket[Symbol.asyncDispose]()
  socket.send(Buffer.from('x'), { address: '127.0.0.1', port: 9 })
  assert.equal(socket.counters().sent, 0)
  assert.equal(socket.counters().sendErrors, 2)
})

test('a flood is worked off in order, and what does not fit the queue is counted', async () => {
  await using a = await bindUdp({ address: '127.0.0.1', port: 0 })
  await using b = await bindUdp({ address: '127.0.0.1', port: 0 })
  const numbers: number[] = []
  const all = new Promise<void>((resolve) => {
    b.onDatagram((datagram) => {
      numbers.push(datagram[0]!)
      if (datagram[0] === 255) resolve()
    })
  })
  for (let number = 0; number < 200; number++) a.send(Buffer.of(number), b.local)
  // The mark goes out again until it comes through; the queue may be full when it arrives.
  const mark = setInterval(() => a.send(Buffer.of(255), b.local), 20)
  await all
  clearInterval(mark)
  const { received, dropped } = b.counters()
  assert.equal(numbers.length, received - dropped)
  assert.deepEqual(
    numbers,
    numbers.toSorted((x, y) => x - y),
  )
})

test('the fake network loses, doubles and delays as told, and the same for the same seed', async () => {
  const runOnce = async (): Promise<string[]> => {
    const clock = virtualClock()
    const network = fakeNetwork(clock, seeded(7))
    network.setWeather({ lossRatio: 0.2, duplicateRatio: 0.1, delayMs: 50, jitterMs: 100 })
    const a = network.bind({ address: '192.0.2.1', port: 1 })
    const b = network.bind({ address: '192.0.2.2', port: 2 })
    const got: string[] = []
    b.onDatagram((datagram, from) => {
      assert.deepEqual(from, a.local)
      got.push(`${Buffer.from(datagram)} ${clock.nowMs()}`)
    })
    for (let number = 0; number < 1_000; number++) a.send(Buffer.from(`${number}`), b.local)
    await clock.advance(49)
    assert.equal(got.length, 0)
    await clock.advance(200)
    return got
  }
  const got = await runOnce()
  const names = got.map((line) => line.split(' ')[0]!)
  assert.ok(names.length > 800 && names.length < 960, `${names.length} arrived`)
  assert.ok(new Set(names).size < names.length, 'some are double')
  assert.notDeepEqual(
    names,
    names.toSorted((x, y) => Number(x) - Number(y)),
    'some overtake',
  )
  assert.deepEqual(await runOnce(), got)
})
