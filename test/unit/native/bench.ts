/**
 * What the native tests share: a box with the real engine between a LAN host and a remote, each in a namespace of its own,
 * and packets made by hand.
 *
 *     host 10.1.0.10 ── lan0 [box: C] wan0 198.51.100.1 ── remote 198.51.100.2 (TypeScript)
 *                                         2001:db8::1      2001:db8::2
 */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { PeerProgram } from '../../../firmware/model/peer-program.ts'
import type { PortProgram } from '../../../firmware/model/port-program.ts'
import type {
  Counters,
  DatapathEvent,
  DirectionKeys,
  Keypair,
  Program,
} from '../../../firmware/model/program.ts'
import { defaultPolicy } from '../../../firmware/plan/policy.ts'
import { classShapes } from '../../../firmware/plan/qos.ts'
import { noUplink } from '../../../firmware/plan/uplink.ts'
import { type SealedSuite, seal } from '../../vector/sealed.ts'
import { Inside, patienceMs } from './lines.ts'

const tag = `cwio-${process.pid}`
export const spaces = { box: `${tag}-b`, nics: `${tag}-n`, host: `${tag}-h`, remote: `${tag}-r` }
export const vni = 100
const port = 51_820
const outer = {
  4: { box: '198.51.100.1', remote: '198.51.100.2' },
  6: { box: '2001:db8::1', remote: '2001:db8::2' },
} as const
export const inner = { host: '10.1.0.10', far: '10.2.0.10', port: 4_000 }

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

export function setUpSpaces(): void {
  for (const space of Object.values(spaces)) ip('netns', 'add', space)
  link('eth0', 'eth', spaces.host)
  link('eth1', 'eth', spaces.remote)
  twin('lan0', 'eth0', '10.1.0.1/24')
  twin('wan0', 'eth1', '198.51.100.1/30')
  ip('-n', spaces.box, 'tuntap', 'add', 'seg', 'mode', 'tun', 'multi_queue', 'vnet_hdr')
  ip('netns', 'exec', spaces.box, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1')
  ip('netns', 'exec', spaces.box, 'sysctl', '-qw', 'net.ipv6.conf.wan0.disable_ipv6=0')
  ip('-n', spaces.box, 'address', 'add', `${outer[6].box}/64`, 'dev', 'wan0', 'nodad')
  ip('-n', spaces.box, 'link', 'set', 'seg', 'up')
  ip('-n', spaces.host, 'address', 'add', `${inner.host}/24`, 'dev', 'eth')
  ip('-n', spaces.host, 'route', 'add', 'default', 'via', '10.1.0.1')
  ip('-n', spaces.remote, 'address', 'add', '198.51.100.2/30', 'dev', 'eth')
  ip('-n', spaces.remote, 'address', 'add', `${outer[6].remote}/64`, 'dev', 'eth', 'nodad')
}

export function removeSpaces(): void {
  for (const space of Object.values(spaces)) ip('netns', 'del', space)
}

/** A peer with an identity made of one byte. */
export function peer(name: string, byte: number): PeerProgram {
  return { name, identity: new Uint8Array(48).fill(byte), isHub: false, limitBps: 0 }
}

const lan: PortProgram = {
  ...noUplink,
  twin: 'lan0',
  kind: 'netdev',
  nic: 'eth0',
  nicNetns: spaces.nics,
  role: 'lan',
  uplink: 0,
  segment: 'office',
  vlan: 0,
  queues: 0,
  mtu: 0,
  table: 254,
}

export const program: Program = {
  generation: 1,
  mac1Keys: [],
  isTransit: false,
  ports: [
    lan,
    {
      ...lan,
      ...{ twin: 'wan0', nic: 'eth1', role: 'uplink', uplink: 1, segment: '' },
      ...{ overlayPort: port, network: 'internet' },
      ...{ classes: classShapes(), marks: 'class', internetPercent: 95 },
    },
  ],
  segments: [{ name: 'office', vni, twin: 'seg', upBps: 0, downBps: 0 }],
  peers: [peer('far', 1), peer('other', 2)],
  routes: [
    { segment: 'office', prefix: '10.2.0.0/24', peer: 'far', rank: 0 },
    { segment: 'office', prefix: '10.3.0.0/24', peer: 'other', rank: 0 },
  ],
  acl: [],
  policies: [defaultPolicy],
  paths: [],
  matches: [],
}

const directionKeys = (): DirectionKeys => ({
  key: randomBytes(32),
  iv: randomBytes(12),
  time: randomBytes(4),
})

function keypair(suite: SealedSuite, remoteAddress: string): Keypair {
  return {
    peer: 'far',
    localIndex: 0x1111,
    remoteIndex: 0x2222,
    suite,
    role: 'initiator',
    origin: 'raw',
    uplink: 1,
    localPort: port,
    remoteAddress,
    remotePort: port,
    seal: directionKeys(),
    open: directionKeys(),
    chain: randomBytes(32),
    h: randomBytes(32),
    lifetimeMs: 180_000,
  }
}

export interface CodedError {
  readonly code: string
  readonly message: string
  readonly path?: string
}

interface Answer {
  readonly result?: unknown
  readonly error?: CodedError
}

export interface Datagram {
  readonly address: string
  readonly port: number
  readonly hex: string
}

/** The engine with a program and a keypair, and a socket at each end. */
export class Bench implements AsyncDisposable {
  readonly box: Inside
  readonly host = new Inside(spaces.host, './inside-udp.ts', [inner.host, String(inner.port)])
  readonly remote: Inside
  readonly events: DatapathEvent[] = []
  readonly keypair: Keypair
  readonly #address: string
  readonly #remoteAddress: string

  /** `family`: of the outer packets. */
  constructor(suite: SealedSuite, aead: string, family: 4 | 6 = 4) {
    const { box, remote } = outer[family]
    this.#address = box
    this.#remoteAddress = remote
    this.keypair = keypair(suite, remote)
    this.remote = new Inside(spaces.remote, './inside-udp.ts', [remote, String(port)])
    this.box = new Inside(spaces.box, './inside-box.ts', [aead])
  }

  async start(): Promise<void> {
    await this.ready()
    await this.call('load', program)
    await this.#callFromKernel()
    await this.call('install', this.keypair)
  }

  /** As handshakes do, which go before every keypair: the kernel knows the next hop from then on. */
  async #callFromKernel(): Promise<void> {
    const patience = String(patienceMs / 1_000)
    const ping = ['ping', '-c', '1', '-w', patience, this.#remoteAddress]
    await promisify(execFile)('ip', ['netns', 'exec', spaces.box, ...ping])
  }

  async ready(): Promise<void> {
    for (const part of [this.box, this.host, this.remote]) await part.hear()
  }

  async call<Result>(call: string, argument: unknown = null): Promise<Result> {
    const { result, error } = await this.#ask(call, argument)
    assert.equal(error, undefined)
    return result as Result
  }

  /** The error of a call that must fail. */
  async refusal(call: string, argument: unknown): Promise<CodedError> {
    const { error } = await this.#ask(call, argument)
    assert.ok(error !== undefined, `${call} was not refused`)
    return error
  }

  async #ask(call: string, argument: unknown): Promise<Answer> {
    this.box.say({ call, argument })
    for (;;) {
      const line = await this.box.hear<Answer & { event?: DatapathEvent }>()
      if (line.event === undefined) return line
      this.events.push(line.event)
    }
  }

  /** The next sealed data datagram that reaches the remote: probes go by. */
  async sealed(): Promise<Buffer> {
    const untilMs = performance.now() + patienceMs
    for (;;) {
      const bytes = Buffer.from((await this.remote.hear<Datagram>()).hex, 'hex')
      if (bytes[0] !== 0xd1) {
        if (performance.now() < untilMs) continue
        assert.fail(`nothing but probes came: ${JSON.stringify(await this.drops())}`)
      }
      // `npm run accept` plants it, to show that the comparison can fail.
      if (process.env.CAUSEWAY_PLANT === 'flipped-bit') bytes[bytes.length - 1]! ^= 1
      return bytes
    }
  }

  toBox(bytes: Buffer): void {
    this.remote.say({ address: this.#address, port, hex: bytes.toString('hex') })
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

export function checksum(bytes: Buffer): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

export const quad = (address: string): Buffer => Buffer.from(address.split('.').map(Number))

/** An IPv4 UDP packet without a UDP checksum, from the far host to the LAN host. */
export function packet(text: string, source = inner.far): Buffer {
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
