/**
 * The C dataplane against the second implementation of test/vector/sealed.ts, with real packets: what a LAN host
 * sends is opened in TypeScript, what TypeScript seals arrives at the LAN host, and what was tampered with, replayed,
 * or comes from the wrong place is a named drop.
 *
 *     host 10.1.0.10 ── lan0 [box: C] wan0 198.51.100.1 ── remote 198.51.100.2 (TypeScript)
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type {
  Counters,
  DatapathEvent,
  DirectionKeys,
  Keypair,
  Program,
} from '../../../firmware/model/program.ts'
import { geneve, open, type SealedSuite, seal } from '../../vector/sealed.ts'
import { Inside } from './lines.ts'

const tag = `cwio-${process.pid}`
const spaces = { box: `${tag}-b`, nics: `${tag}-n`, host: `${tag}-h`, remote: `${tag}-r` }
const vni = 100
const port = 51_820
const inner = { host: '10.1.0.10', far: '10.2.0.10', port: 4_000 }

const ip = (...args: string[]): string =>
  execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' })

function link(nic: string, end: string, peerSpace: string): void {
  ip('-n', spaces.nics, 'link', 'add', nic, 'type', 'veth', 'peer', 'name', end)
  ip('-n', spaces.nics, 'link', 'set', end, 'netns', peerSpace)
  ip('-n', spaces.nics, 'link', 'set', nic, 'up')
  ip('-n', peerSpace, 'link', 'set', end, 'up')
}

function twin(name: string, nic: string, address: string): void {
  const [{ address: mac }] = JSON.parse(ip('-n', spaces.nics, '-json', 'link', 'show', nic))
  ip('-n', spaces.box, 'tuntap', 'add', name, 'mode', 'tap', 'multi_queue', 'vnet_hdr')
  ip('-n', spaces.box, 'link', 'set', name, 'address', mac, 'up')
  ip('-n', spaces.box, 'address', 'add', address, 'dev', name)
}

before(() => {
  for (const space of Object.values(spaces)) ip('netns', 'add', space)
  link('eth0', 'eth', spaces.host)
  link('eth1', 'eth', spaces.remote)
  twin('lan0', 'eth0', '10.1.0.1/24')
  twin('wan0', 'eth1', '198.51.100.1/30')
  ip('-n', spaces.box, 'tuntap', 'add', 'seg', 'mode', 'tun', 'multi_queue', 'vnet_hdr')
  ip('netns', 'exec', spaces.box, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1')
  ip('-n', spaces.box, 'link', 'set', 'seg', 'up')
  ip('-n', spaces.host, 'address', 'add', `${inner.host}/24`, 'dev', 'eth')
  ip('-n', spaces.host, 'route', 'add', 'default', 'via', '10.1.0.1')
  ip('-n', spaces.remote, 'address', 'add', '198.51.100.2/30', 'dev', 'eth')
})

after(() => {
  for (const space of Object.values(spaces)) ip('netns', 'del', space)
})

const program: Program = {
  generation: 1,
  mac1Keys: [],
  ports: [
    {
      twin: 'lan0',
      nic: 'eth0',
      nicNetns: spaces.nics,
      role: 'lan',
      uplink: 0,
      segment: 'office',
      overlayPort: 0,
      table: 254,
    },
    {
      twin: 'wan0',
      nic: 'eth1',
      nicNetns: spaces.nics,
      role: 'uplink',
      uplink: 1,
      segment: '',
      overlayPort: port,
      table: 254,
    },
  ],
  segments: [{ name: 'office', vni, twin: 'seg' }],
  peers: [{ name: 'far' }, { name: 'other' }],
  routes: [
    { segment: 'office', prefix: '10.2.0.0/24', peer: 'far' },
    { segment: 'office', prefix: '10.3.0.0/24', peer: 'other' },
  ],
}

const directionKeys = (): DirectionKeys => ({
  key: randomBytes(32),
  iv: randomBytes(12),
  time: randomBytes(4),
})

function keypair(suite: SealedSuite): Keypair {
  return {
    peer: 'far',
    localIndex: 0x1111,
    remoteIndex: 0x2222,
    suite,
    role: 'initiator',
    origin: 'raw',
    uplink: 1,
    localPort: port,
    remoteAddress: '198.51.100.2',
    remotePort: port,
    seal: directionKeys(),
    open: directionKeys(),
    chain: randomBytes(32),
    h: randomBytes(32),
    lifetimeMs: 180_000,
  }
}

interface Datagram {
  readonly address: string
  readonly port: number
  readonly hex: string
}

/** The engine with a program and a keypair, and a socket at each end. */
class Bench implements AsyncDisposable {
  readonly box: Inside
  readonly host = new Inside(spaces.host, './inside-udp.ts', [inner.host, String(inner.port)])
  readonly remote = new Inside(spaces.remote, './inside-udp.ts', ['198.51.100.2', String(port)])
  readonly events: DatapathEvent[] = []
  readonly keypair: Keypair

  constructor(suite: SealedSuite, aead: string) {
    this.keypair = keypair(suite)
    this.box = new Inside(spaces.box, './inside-box.ts', [aead])
  }

  async start(): Promise<void> {
    for (const part of [this.box, this.host, this.remote]) await part.hear()
    await this.call('load', program)
    await this.call('install', this.keypair)
  }

  async call<Result>(call: string, argument: unknown = null): Promise<Result> {
    this.box.say({ call, argument })
    for (;;) {
      const line = await this.box.hear<{ event?: DatapathEvent; result?: Result; error?: object }>()
      if (line.event !== undefined) {
        this.events.push(line.event)
        continue
      }
      assert.equal(line.error, undefined)
      return line.result as Result
    }
  }

  /** The next sealed data datagram that reaches the remote: probes go by. */
  async sealed(): Promise<Buffer> {
    for (;;) {
      const bytes = Buffer.from((await this.remote.hear<Datagram>()).hex, 'hex')
      if (bytes[0] === 0xd1) return bytes
    }
  }

  toBox(bytes: Buffer): void {
    this.remote.say({ address: '198.51.100.1', port, hex: bytes.toString('hex') })
  }

  seal(counter: number, plaintext: Buffer, lane = 0x0123): Buffer {
    const header = { type: 0xd1, lane, receiverIndex: 0x1111, sendTimeUs: 7, counter } as const
    return seal(this.keypair.suite, this.keypair.open, header, plaintext)
  }

  async drops(): Promise<Record<string, number>> {
    const { drops } = await this.call<Counters>('counters')
    return Object.fromEntries(Object.entries(drops).filter(([, count]) => count > 0))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of [this.box, this.host, this.remote]) await part[Symbol.asyncDispose]()
  }
}

function checksum(bytes: Buffer): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

const quad = (address: string): Buffer => Buffer.from(address.split('.').map(Number))

/** An IPv4 UDP packet without a UDP checksum, from the far host to the LAN host. */
function packet(text: string, source = inner.far): Buffer {
  const data = Buffer.from(text)
  const udp = Buffer.alloc(8)
  udp.writeUInt16BE(inner.port, 0)
  udp.writeUInt16BE(inner.port, 2)
  udp.writeUInt16BE(8 + data.length, 4)
  const head = Buffer.from('4500000000000000401100000000000000000000', 'hex')
  head.writeUInt16BE(28 + data.length, 2)
  quad(source).copy(head, 12)
  quad(inner.host).copy(head, 16)
  head.writeUInt16BE(checksum(head), 10)
  return Buffer.concat([head, udp, data])
}

for (const [suite, aead] of [
  ['aes-256-gcm', 'auto'],
  ['chacha20-poly1305', 'auto'],
  ['aes-256-gcm', 'openssl'],
  ['chacha20-poly1305', 'openssl'],
] as const) {
  test(`C and TypeScript open each other's frames: ${suite}, backend ${aead}`, async () => {
    await using bench = new Bench(suite, aead)
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
  bench.toBox(Buffer.from([0xd8, 0, 0, 0])) // relays come later
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
    sealed_length: 2,
    sealed_index: 1,
    sealed_replay: 2,
    sealed_tag: 2,
    geneve: 1,
    inner_segment: 1,
    inner_source: 1,
    inner_malformed: 1,
  })
  const confirmed = bench.events.filter(({ kind }) => kind === 'confirmed')
  assert.equal(confirmed.length, 1)
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
  await bench.call('load', { ...program, generation: 3, peers: [{ name: 'other' }], routes: [] })
  assert.deepEqual(await bench.call('keypairs'), [])
})
