/**
 * The messages of the native border as bytes: the other half of `native/dataplane/include/causeway_dp.h`, which says what
 * each field means. Both carry ABI and record sizes; `checkInfo` refuses a datapath that differs.
 */
import { CausewayError } from '../model/errors.ts'
import type {
  ControlSend,
  CookieSecrets,
  DatapathEvent,
  Denial,
  DirectionKeys,
  Keypair,
  Program,
} from '../model/program.ts'
import { RecordReader, RecordWriter } from './bytes.ts'
import { ipBytes } from './ip.ts'

export const abi = 3

export const verbs = {
  describe: 1,
  load: 2,
  install: 3,
  retire: 4,
  send: 5,
  keypairs: 6,
  counters: 7,
  cookies: 8,
} as const

export type Verb = (typeof verbs)[keyof typeof verbs]

/** In the order of `struct cw_info`. */
export const recordSizes = {
  info: 136,
  programHead: 32,
  port: 160,
  segment: 56,
  peer: 80,
  route: 24,
  acl: 80,
  install: 232,
  controlSend: 40,
  keypairState: 136,
  overflow: 16,
  countersHead: 56,
  portCounters: 72,
  peerCounters: 96,
  event: 40,
  denial: 140,
} as const

export const nameBytes = 32
export const interfaceBytes = 16
const netnsBytes = 64
const deviceBytes = 64
const mac1KeyBytes = 32
const identityBytes = 48
const suites = { 'chacha20-poly1305': 1, 'aes-256-gcm': 2 } as const

/** @throws WIRE_INVALID with a pointer to a name that does not fit or stands for nothing */
export function encodeProgram(program: Program): Buffer {
  const size =
    recordSizes.programHead +
    mac1KeyBytes * program.mac1Keys.length +
    recordSizes.port * program.ports.length +
    recordSizes.segment * program.segments.length +
    recordSizes.peer * program.peers.length +
    recordSizes.route * program.routes.length +
    recordSizes.acl * program.acl.length
  const out = new RecordWriter(size)
    .u64(program.generation)
    .u32(program.mac1Keys.length)
    .u32(program.ports.length)
    .u32(program.segments.length)
    .u32(program.peers.length)
    .u32(program.routes.length)
    .u32(program.acl.length)
  const segmentAt = indexByName(program.segments)
  const peerAt = indexByName(program.peers)
  for (const key of program.mac1Keys) out.bytes(key, mac1KeyBytes)
  program.ports.forEach((port, i) => {
    const isUplink = port.role === 'uplink'
    const segment = isUplink ? 0 : lookUp(segmentAt, port.segment, `/ports/${i}/segment`)
    out.name(port.twin, interfaceBytes).name(port.nic, deviceBytes)
    out.name(port.nicNetns, netnsBytes)
    out
      .u8(isUplink ? 1 : 2)
      .u8(port.uplink)
      .u16(segment)
    out.u16(port.overlayPort).u16(port.vlan)
    out
      .u8(port.kind === 'pmd' ? 1 : 0)
      .u8(port.queues)
      .u16(port.mtu)
      .u32(port.table)
  })
  for (const { name, twin, vni } of program.segments) {
    out.name(name, nameBytes).name(twin, interfaceBytes).u32(vni).u32(0)
  }
  for (const { name, identity } of program.peers) {
    out.name(name, nameBytes).bytes(identity, identityBytes)
  }
  program.routes.forEach((route, i) => {
    const { address, bits } = prefixOf(route.prefix, `/routes/${i}/prefix`)
    out.bytes(address, 16)
    out.u16(lookUp(segmentAt, route.segment, `/routes/${i}/segment`))
    out.u16(lookUp(peerAt, route.peer, `/routes/${i}/peer`))
    out.u8(bits).zeros(3)
  })
  program.acl.forEach((rule, i) => {
    const source = prefixOf(rule.source, `/acl/${i}/source`)
    const destination = prefixOf(rule.destination, `/acl/${i}/destination`)
    out.name(rule.name, nameBytes).bytes(source.address, 16).bytes(destination.address, 16)
    out.u8(source.bits).u8(destination.bits)
    out.u16(lookUp(segmentAt, rule.fromSegment, `/acl/${i}/fromSegment`))
    out.u16(lookUp(segmentAt, rule.toSegment, `/acl/${i}/toSegment`))
    out.u8(rule.protocol).u8(rule.action === 'allow' ? 1 : 2)
    out.u16(rule.sourcePorts[0]).u16(rule.sourcePorts[1])
    out.u16(rule.destinationPorts[0]).u16(rule.destinationPorts[1])
  })
  return out.end()
}

/** '' is every address of either family. Bits are of the 128. */
function prefixOf(text: string, path: string): { address: Uint8Array; bits: number } {
  if (text === '') return { address: new Uint8Array(16), bits: 0 }
  const [address = '', length = ''] = text.split('/')
  const isV4 = !address.includes(':')
  const bits = /^\d{1,3}$/.test(length) ? Number(length) + (isV4 ? 96 : 0) : Number.NaN
  if (!(bits <= 128)) throw new CausewayError('WIRE_INVALID', `no prefix: ${text}`, { path })
  return { address: ipBytes(address), bits }
}

function indexByName(list: readonly { readonly name: string }[]): Map<string, number> {
  return new Map(list.map(({ name }, i) => [name, i]))
}

function lookUp(indices: Map<string, number>, name: string, path: string): number {
  const index = indices.get(name)
  if (index === undefined) throw new CausewayError('WIRE_INVALID', `unknown: ${name}`, { path })
  return index
}

/** Holds keys: zero it once it is sent. */
export function encodeKeypair(keypair: Keypair): Buffer {
  const out = new RecordWriter(recordSizes.install)
    .name(keypair.peer, nameBytes)
    .u32(keypair.localIndex)
    .u32(keypair.remoteIndex)
    .u8(suites[keypair.suite])
    .u8(keypair.role === 'initiator' ? 1 : 0)
    .u8(keypair.origin === 'rekey' ? 1 : 0)
    .u8(keypair.uplink)
    .u16(keypair.localPort)
    .u16(keypair.remotePort)
    .address(keypair.remoteAddress)
  putDirection(out, keypair.seal)
  putDirection(out, keypair.open)
  return out.bytes(keypair.chain, 32).bytes(keypair.h, 32).u32(keypair.lifetimeMs).u32(0).end()
}

function putDirection(out: RecordWriter, { key, iv, time }: DirectionKeys): void {
  out.bytes(key, 32).bytes(iv, 12).bytes(time, 4)
}

/** Both secrets are 32 bytes; without one before, the present one stands in its place. */
export function encodeCookies({ cookieKey, secrets }: CookieSecrets): Buffer {
  return new RecordWriter(96)
    .bytes(cookieKey, 32)
    .bytes(secrets[0]!, 32)
    .bytes(secrets[1] ?? secrets[0]!, 32)
    .end()
}

export function encodeRetire(localIndices: readonly number[]): Buffer {
  const out = new RecordWriter(4 * localIndices.length)
  for (const index of localIndices) out.u32(index)
  return out.end()
}

export function encodeSend({ peer, localIndex, items }: ControlSend): Buffer {
  return new RecordWriter(recordSizes.controlSend + items.length)
    .name(peer, nameBytes)
    .u32(localIndex)
    .u32(items.length)
    .bytes(items, items.length)
    .end()
}

/** `drops`: the names of the drop counters. null: of a kind that this version does not know. @throws WIRE_TRUNCATED */
export function decodeEvent(bytes: Uint8Array, drops: readonly string[]): DatapathEvent | null {
  const from = new RecordReader(bytes)
  const kind = from.u16()
  const length = from.u16()
  const localIndex = from.u32()
  const peer = from.name(nameBytes)
  switch (kind) {
    case 1:
      return { kind: 'confirmed', peer, localIndex }
    case 2:
      return { kind: 'control', peer, localIndex, items: from.bytes(length) }
    case 3:
      return { kind: 'silent', peer, localIndex }
    case 4:
      return { kind: 'wanted', peer }
    case 5:
      return { kind: 'used', peer, localIndex }
    case 6:
      return { kind: 'erased', peer, localIndex }
    case 7:
      return { kind: 'denied', peer, denial: decodeDenial(from, drops) }
    case 8:
      return { kind: 'links' }
    default:
      return null
  }
}

function decodeDenial(from: RecordReader, drops: readonly string[]): Denial {
  return {
    source: from.address(),
    destination: from.address(),
    sourcePort: from.u16(),
    destinationPort: from.u16(),
    protocol: skipAfter(from.u8(), from, 1),
    reason: drops[from.u16()] ?? '',
    suppressed: from.u32(),
    segment: from.name(nameBytes),
    toSegment: from.name(nameBytes),
    rule: from.name(nameBytes),
  }
}

function skipAfter<T>(value: T, from: RecordReader, bytes: number): T {
  from.skip(bytes)
  return value
}
