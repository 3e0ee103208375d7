/**
 * The C dataplane against the second implementation of test/vector/sealed.ts, with real packets: what a LAN host
 * sends is opened in TypeScript, what TypeScript seals arrives at the LAN host, and what was tampered with, replayed,
 * or comes from the wrong place is a named drop.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { cutIntoPieces, geneve, geneveWithPiece, open } from '../../vector/sealed.ts'
import {
  Bench,
  checksum,
  type Datagram,
  inner,
  packet,
  peer,
  program,
  quad,
  removeSpaces,
  setUpSpaces,
  vni,
} from './bench.ts'

before(setUpSpaces)
after(removeSpaces)

for (const [suite, aead, family] of [
  ['aes-256-gcm', 'auto', 4],
  ['chacha20-poly1305', 'auto', 4],
  ['aes-256-gcm', 'openssl', 4],
  ['chacha20-poly1305', 'openssl', 4],
  ['aes-256-gcm', 'auto', 6],
] as const) {
  test(`C and TypeScript open each other's frames: ${suite}, ${aead}, over IPv${family}`, async () => {
    await using bench = new Bench(suite, aead, family)
    await bench.start()

    for (const counter of [1, 2, 3]) {
      const text = `out ${counter}`
      const hex = Buffer.from(text).toString('hex')
      bench.host.say({ address: inner.far, port: inner.port, hex })
      const { header, plaintext } = open(suite, bench.keypair.seal, await bench.sealed())
      assert.deepEqual(
        { ...header, sendTimeUs: 0 },
        {
          type: 0xd1,
          lane: 0,
          receiverIndex: 0x2222,
          sendTimeUs: 0,
          counter,
        },
      )
      assert.deepEqual(plaintext.subarray(0, 8), geneve(vni, 0x0800))
      const ip = plaintext.subarray(8)
      assert.equal(checksum(ip.subarray(0, 20)), 0)
      assert.deepEqual(
        [ip.subarray(12, 16), ip.subarray(16, 20)],
        [quad(inner.host), quad(inner.far)],
      )
      assert.equal(ip[8], 63, 'one hop less')
      assert.equal(ip.subarray(28).toString(), text)
    }

    bench.toBox(bench.seal(5, Buffer.concat([geneve(vni, 0x0800), packet('in 5')])))
    const came = await bench.host.hear<Datagram>()
    assert.equal(Buffer.from(came.hex, 'hex').toString(), 'in 5')
    assert.equal(came.address, inner.far)
    assert.deepEqual(await bench.drops(), {})
  })
}

test('what is forged, replayed or from the wrong place is a named drop and nothing else', async () => {
  await using bench = new Bench('aes-256-gcm', 'auto')
  await bench.start()
  const good = (counter: number, text = 'good'): Buffer =>
    bench.seal(counter, Buffer.concat([geneve(vni, 0x0800), packet(text)]))
  const flipped = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes)
    copy[at]! ^= 1
    return copy
  }

  const first = good(10)
  bench.toBox(first)
  bench.toBox(first) // replay
  bench.toBox(flipped(good(11), 30)) // tag
  bench.toBox(flipped(good(11), 14)) // another counter: nonce and AAD differ
  bench.toBox(flipped(good(11), 1)) // flags
  bench.toBox(flipped(good(11), 7)) // index
  bench.toBox(good(11).subarray(0, 39)) // too short
  bench.toBox(bench.seal(12, Buffer.concat([geneve(vni + 1, 0x0800), packet('vni')])))
  bench.toBox(bench.seal(13, Buffer.concat([geneve(vni, 0x86dd), packet('protocol')])))
  bench.toBox(bench.seal(14, Buffer.concat([geneve(vni, 0x0800), packet('stolen', '10.3.0.9')])))
  bench.toBox(bench.seal(15, Buffer.concat([geneve(vni, 0x0800), packet('cut').subarray(0, 25)])))
  bench.toBox(Buffer.from([0xd3, 0, 0, 0])) // parity comes later
  bench.toBox(Buffer.from([0xd8, 0, 0, 0])) // too short as well
  bench.toBox(Buffer.concat([Buffer.from([0xd4, 0, 0, 0]), Buffer.alloc(100)])) // size
  bench.toBox(Buffer.concat([Buffer.from([0xd4, 0, 0, 0]), Buffer.alloc(156)])) // mac1
  bench.toBox(good(3000)) // the window moves on
  bench.toBox(good(1000)) // left behind
  bench.toBox(good(3001, 'last'))

  const texts: string[] = []
  while (texts.at(-1) !== 'last') {
    texts.push(Buffer.from((await bench.host.hear<Datagram>()).hex, 'hex').toString())
  }
  assert.deepEqual(texts, ['good', 'good', 'last'])
  assert.deepEqual(await bench.drops(), {
    overlay_unknown: 1,
    handshake_size: 1,
    handshake_mac1: 1,
    sealed_length: 3,
    sealed_index: 1,
    sealed_replay: 2,
    sealed_tag: 2,
    inner_segment: 1,
    inner_source: 1,
    inner_malformed: 2,
  })
  const confirmed = bench.events.filter(({ kind }) => kind === 'confirmed')
  assert.equal(confirmed.length, 1)
})

test('a packet that TypeScript cut into pieces arrives whole, in whatever order they come', async () => {
  await using bench = new Bench('aes-256-gcm', 'auto')
  await bench.start()
  const text = 'long '.repeat(200)
  const pieces = cutIntoPieces(packet(text), 400, { vni, protocolType: 0x0800, id: 77 })
  assert.equal(pieces.length, 3)
  for (const [counter, which] of [
    [1, 2],
    [2, 0],
    [3, 0], // sent twice: a copy is dropped
    [4, 1],
  ] as const) {
    bench.toBox(bench.seal(counter, geneveWithPiece(pieces[which]!)))
  }
  const came = await bench.host.hear<Datagram>()
  assert.equal(Buffer.from(came.hex, 'hex').toString(), text)
  const other = cutIntoPieces(packet('gone', '10.3.0.9'), 24, { vni, protocolType: 0x0800, id: 78 })
  for (const [i, piece] of other.entries()) bench.toBox(bench.seal(5 + i, geneveWithPiece(piece)))
  bench.toBox(bench.seal(20, Buffer.concat([geneve(vni, 0x0800), packet('last')])))
  assert.equal(Buffer.from((await bench.host.hear<Datagram>()).hex, 'hex').toString(), 'last')
  assert.deepEqual(await bench.drops(), { reassembly_overlap: 1, inner_source: 1 })
})

test('a program is refused whole, and a keypair goes in once', async () => {
  await using bench = new Bench('aes-256-gcm', 'auto')
  await bench.start()
  const refused = async (call: string, argument: unknown): Promise<object> => {
    bench.box.say({ call, argument })
    for (;;) {
      const { error, event } = await bench.box.hear<{ error?: object; event?: object }>()
      if (event === undefined) return error ?? {}
    }
  }
  const codeAndPath = async (call: string, argument: unknown): Promise<unknown[]> => {
    const { code, path } = (await refused(call, argument)) as { code: string; path?: string }
    return [code, path]
  }

  assert.deepEqual(await codeAndPath('load', program), ['DATAPATH_REFUSED', '/generation'])
  const twice = { ...program, generation: 2, segments: [...program.segments, ...program.segments] }
  assert.deepEqual(await codeAndPath('load', twice), ['DATAPATH_REFUSED', '/segments/1/vni'])
  const alike = peer('alike', 1)
  alike.identity[47] = 2
  const sameKeys = { ...program, generation: 2, peers: [...program.peers, alike] }
  assert.deepEqual(await codeAndPath('load', sameKeys), ['DATAPATH_REFUSED', '/peers/2/identity'])
  const noNic = { ...program, generation: 2 }
  const ports = program.ports.map((each) => ({ ...each, nic: 'eth9' }))
  const [code] = await codeAndPath('load', { ...noNic, ports })
  assert.equal(code, 'DATAPATH_REFUSED')
  assert.deepEqual(await codeAndPath('install', bench.keypair), ['DATAPATH_REFUSED', '/localIndex'])
  const send = { peer: 'far', localIndex: 9, items: Buffer.alloc(4) }
  assert.deepEqual(await codeAndPath('send', send), ['SESSION_NO_KEYPAIR', '/localIndex'])

  // The running program and its session took no harm.
  bench.host.say({ address: inner.far, port: inner.port, hex: '00' })
  open('aes-256-gcm', bench.keypair.seal, await bench.sealed())
  await bench.call('load', { ...program, generation: 2 })
  bench.host.say({ address: inner.far, port: inner.port, hex: '01' })
  open('aes-256-gcm', bench.keypair.seal, await bench.sealed())
  assert.equal((await bench.call<unknown[]>('keypairs')).length, 1)

  // The same name with another key or tenant is somebody else: nothing of the old session remains.
  const others = [peer('far', 3), peer('other', 2)]
  await bench.call('load', { ...program, generation: 3, peers: others })
  assert.deepEqual(await bench.call('keypairs'), [])

  // And what was installed once never is again, whatever became of it: its nonces are used up.
  const again = { ...bench.keypair, localIndex: 0x3333 }
  assert.deepEqual(await codeAndPath('install', again), ['DATAPATH_REFUSED', '/h'])
})
