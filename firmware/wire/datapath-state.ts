/** What the datapath tells of itself, from bytes: identity, counters, live keypairs. See datapath.ts. */
import { CausewayError } from '../model/errors.ts'
import type {
  Counters,
  DatapathInfo,
  InstalledKeypair,
  KeypairState,
  PeerCounters,
  PortCounters,
} from '../model/program.ts'
import { RecordReader } from './bytes.ts'
import { abi, interfaceBytes, nameBytes, recordSizes, sizePlaces } from './datapath.ts'
import { decodePath } from './datapath-path.ts'

const none = 0xffff_ffff
const keypairStates: Record<number, KeypairState> = { 1: 'previous', 2: 'current', 3: 'next' }

export interface Description {
  readonly info: DatapathInfo
  /** Names of the drop counters, in the order in which they are counted. */
  readonly drops: readonly string[]
}

/** @throws DATAPATH_ABI when the datapath is of another version */
export function decodeDescription(bytes: Uint8Array): Description {
  const from = new RecordReader(bytes)
  const theirs = from.u32()
  if (theirs !== abi) {
    throw new CausewayError('DATAPATH_ABI', `the datapath speaks ABI ${theirs}, not ${abi}`)
  }
  const pid = from.u32()
  const bootId = from.bytes(16).toString('hex')
  const hasAes = from.u32() !== 0
  const dropCount = from.u32()
  const hugepageBytes = from.u64()
  const aead = from.name(nameBytes) === 'ipsec-mb' ? 'ipsec-mb' : 'openssl'
  for (const [record, size] of Object.entries(recordSizes)) {
    if (from.u32() !== size) {
      throw new CausewayError('DATAPATH_ABI', `the datapath has another size for: ${record}`)
    }
  }
  for (let place = Object.keys(recordSizes).length; place < sizePlaces; place++) {
    if (from.u32() !== 0) throw new CausewayError('DATAPATH_ABI', 'the datapath has more records')
  }
  const drops = Array.from({ length: dropCount }, () => from.text())
  return { info: { abi: theirs, bootId, aead, pid, hasAes, hugepageBytes }, drops }
}

export function decodeCounters(bytes: Uint8Array, dropNames: readonly string[]): Counters {
  const from = new RecordReader(bytes)
  const generation = from.u64()
  const uptimeMs = from.u64()
  const dropCount = from.u32()
  const portCount = from.u32()
  const peerCount = from.u32()
  const keypairs = from.u32()
  const buffers = { small: from.u32(), large: from.u32() }
  const overflow = { addresses: from.u32(), routes: from.u32(), neighbours: from.u32() }
  from.skip(4)
  const pathCount = from.u32()
  const [places, inUse] = [from.u32(), from.u32()]
  from.skip(4)
  const flows = { places, inUse, refused: from.u64() }
  if (dropCount !== dropNames.length) {
    throw new CausewayError('DATAPATH_ABI', `${dropCount} drop counters, ${dropNames.length} names`)
  }
  const drops = Object.fromEntries(dropNames.map((name) => [name, from.u64()]))
  const ports = Array.from({ length: portCount }, () => decodePort(from))
  const peers = Array.from({ length: peerCount }, () => decodePeer(from))
  const names = peers.map(({ peer }) => peer)
  const paths = Array.from({ length: pathCount }, () => decodePath(from, names))
  return { generation, uptimeMs, drops, keypairs, buffers, overflow, flows, ports, peers, paths }
}

function decodePort(from: RecordReader): PortCounters {
  const port = {
    twin: from.name(interfaceBytes),
    rxPackets: from.u64(),
    rxBytes: from.u64(),
    rxBuffers: from.u64(),
    txPackets: from.u64(),
    txBytes: from.u64(),
    txBuffers: from.u64(),
    isUp: from.u32() !== 0,
    isGone: from.u32() !== 0,
    downs: from.u32(),
  }
  from.u32()
  return port
}

function decodePeer(from: RecordReader): PeerCounters {
  const peer = from.name(nameBytes)
  const rxPackets = from.u64()
  const rxBytes = from.u64()
  const txPackets = from.u64()
  const txBytes = from.u64()
  const rttUs = from.u32()
  const lastHeardMs = from.u32()
  const localIndex = from.u32()
  const remotePort = from.u16()
  from.skip(2)
  const remoteAddress = from.address()
  return {
    peer,
    rxPackets,
    rxBytes,
    txPackets,
    txBytes,
    rttUs: rttUs === none ? null : rttUs,
    lastHeardMs: lastHeardMs === none ? null : lastHeardMs,
    remoteAddress,
    remotePort,
    localIndex,
    relayedPackets: from.u64(),
    relayedBytes: from.u64(),
    limitedPackets: from.u64(),
    limitedBytes: from.u64(),
  }
}

/** Holds chain and h: not for logs or API answers. */
export function decodeKeypairs(bytes: Uint8Array): InstalledKeypair[] {
  const from = new RecordReader(bytes)
  const keypairs: InstalledKeypair[] = []
  while (from.left > 0) keypairs.push(decodeKeypair(from))
  return keypairs
}

function decodeKeypair(from: RecordReader): InstalledKeypair {
  const peer = from.name(nameBytes)
  const localIndex = from.u32()
  const remoteIndex = from.u32()
  const state = keypairStates[from.u8()] ?? 'previous'
  const role = from.u8() !== 0 ? 'initiator' : 'responder'
  const origin = from.u8() !== 0 ? 'rekey' : 'raw'
  const isConfirmed = from.u8() !== 0
  const uplink = from.u8()
  from.skip(1)
  const remotePort = from.u16()
  const ageMs = from.u32()
  from.skip(4)
  return {
    peer,
    localIndex,
    remoteIndex,
    state,
    role,
    origin,
    isConfirmed,
    ageMs,
    remoteAddress: from.address(),
    remotePort,
    uplink,
    chain: from.bytes(32),
    h: from.bytes(32),
  }
}
