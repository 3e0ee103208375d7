/**
 * The messages of the native border as bytes: the other half of `native/dataplane/include/causeway_dp.h`, which says what
 * each field means. Both carry ABI and record sizes; `checkInfo` refuses a datapath that differs.
 */
import { parseInterfaceAddress } from '../model/address.ts'
import { CausewayError } from '../model/errors.ts'
import type {
  ControlSend,
  DatapathEvent,
  DirectionKeys,
  Keypair,
  Program,
} from '../model/program.ts'
import { RecordReader, RecordWriter } from './bytes.ts'

export const abi = 1

export const verbs = {
  describe: 1,
  load: 2,
  install: 3,
  retire: 4,
  send: 5,
  keypairs: 6,
  counters: 7,
} as const

export type Verb = (typeof verbs)[keyof typeof verbs]

/** In the order of `struct cw_info`. */
export const recordSizes = {
  info: 120,
  programHead: 32,
  port: 108,
  segment: 56,
  peer: 80,
  route: 24,
  install: 232,
  controlSend: 40,
  keypairState: 136,
  portCounters: 72,
  peerCounters: 96,
  event: 40,
} as const

export const nameBytes = 32
export const interfaceBytes = 16
const netnsBytes = 64
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
    recordSizes.route * program.routes.length
  const out = new RecordWriter(size)
    .u64(program.generation)
    .u32(program.mac1Keys.length)
    .u32(program.ports.length)
    .u32(program.segments.length)
    .u32(program.peers.length)
    .u32(program.routes.length)
    .u32(0)
  const segmentAt = indexByName(program.segments)
  const peerAt = indexByName(program.peers)
  for (const key of program.mac1Keys) out.bytes(key, mac1KeyBytes)
  program.ports.forEach((port, i) => {
    const isUplink = port.role === 'uplink'
    const segment = isUplink ? 0 : lookUp(segmentAt, port.segment, `/ports/${i}/segment`)
    out.name(port.twin, interfaceBytes).name(port.nic, interfaceBytes)
    out.name(port.nicNetns, netnsBytes)
    out
      .u8(isUplink ? 1 : 2)
      .u8(port.uplink)
      .u16(segment)
    out.u16(port.overlayPort).u16(0).u32(port.table)
  })
  for (const { name, twin, vni } of program.segments) {
    out.name(name, nameBytes).name(twin, interfaceBytes).u32(vni).u32(0)
  }
  for (const { name, identity } of program.peers) {
    out.name(name, nameBytes).bytes(identity, identityBytes)
  }
  program.routes.forEach((route, i) => {
    const prefix = parseInterfaceAddress(route.prefix)
    if (prefix === null) {
      throw new CausewayError('WIRE_INVALID', `no prefix: ${route.prefix}`, {
        path: `/routes/${i}/prefix`,
      })
    }
    out.address(route.prefix.slice(0, route.prefix.indexOf('/')))
    out.u16(lookUp(segmentAt, route.segment, `/routes/${i}/segment`))
    out.u16(lookUp(peerAt, route.peer, `/routes/${i}/peer`))
    out.u8(96 + prefix.bits).zeros(3)
  })
  return out.end()
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

/** null: of a kind that this version does not know. @throws WIRE_TRUNCATED */
export function decodeEvent(bytes: Uint8Array): DatapathEvent | null {
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
    default:
      return null
  }
}
