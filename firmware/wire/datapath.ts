/**
 * The messages of the native border as bytes: the other half of `native/dataplane/include/causeway_dp.h`, which says what
 * each field means. Both carry ABI and record sizes; a datapath that differs is refused. A program is written by
 * datapath-program.ts, and what the datapath tells of itself is read by datapath-state.ts.
 */
import type {
  ControlSend,
  CookieSecrets,
  DatapathEvent,
  Denial,
  DirectionKeys,
  Keypair,
} from '../model/program.ts'
import { RecordReader, RecordWriter } from './bytes.ts'
import { decodePathEvent } from './datapath-path.ts'

export const abi = 10

export const verbs = {
  describe: 1,
  load: 2,
  install: 3,
  retire: 4,
  send: 5,
  keypairs: 6,
  counters: 7,
  cookies: 8,
  explain: 9,
  channel: 10,
  channelClose: 11,
  relay: 12,
  try: 13,
  spray: 14,
  channels: 15,
  queues: 16,
  flows: 17,
} as const

export type Verb = (typeof verbs)[keyof typeof verbs]

/** In the order of `struct cw_info`. */
export const recordSizes = {
  info: 248,
  programHead: 48,
  port: 208,
  segment: 72,
  peer: 96,
  route: 24,
  acl: 80,
  policy: 64,
  match: 144,
  path: 24,
  install: 232,
  controlSend: 40,
  keypairState: 136,
  overflow: 16,
  countersHead: 80,
  portCounters: 80,
  peerCounters: 128,
  pathCounters: 128,
  event: 40,
  denial: 140,
  pathEvent: 24,
  explain: 136,
  explanation: 296,
  explainedPeer: 40,
  explainedPath: 60,
  incident: 16,
  channel: 80,
  channelEnd: 40,
  relaySend: 40,
  try: 40,
  wayTry: 24,
  spray: 64,
  relayed: 8,
  channelsHead: 8,
  channelCounters: 152,
  queuesHead: 16,
  queueUplink: 1392,
  queuePeer: 304,
  queueSegment: 2224,
  flowsHead: 8,
  flowRecord: 144,
} as const

export const nameBytes = 32
export const interfaceBytes = 16
/** Places for record sizes in `struct cw_info`, of which the last are zero. */
export const sizePlaces = 44
const suites = { 'chacha20-poly1305': 1, 'aes-256-gcm': 2 } as const

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
    case 9:
      return { kind: 'path', peer, ...decodePathEvent(from) }
    case 10:
      return { kind: 'relayed', peer, ...decodeRelayed(from) }
    case 11:
      return { kind: 'channel-ended', peer, channel: from.u32() }
    default:
      return null
  }
}

/** What is left is the datagram. */
function decodeRelayed(from: RecordReader): { channel: number; datagram: Buffer } {
  const channel = skipAfter(from.u32(), from, 4)
  return { channel, datagram: from.bytes(from.left) }
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
