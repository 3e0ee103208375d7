/** `struct cw_explain` and the answer to it: native/dataplane/include/causeway_explain.h. See datapath.ts. */
import { trafficClasses } from '../model/device-config-qos.ts'
import {
  type ExplainedPath,
  type ExplainedPeer,
  type Explanation,
  type FlowQuestion,
  type Incident,
  pathObstacles,
  pathVerdicts,
  peerStandings,
} from '../model/explanation.ts'
import { pathReasons, pathStates } from '../model/path-program.ts'
import { RecordReader, RecordWriter } from './bytes.ts'
import { interfaceBytes, nameBytes, recordSizes } from './datapath.ts'

const serverBytes = 64
const none = 0xffff_ffff
const noReason = 0xffff
const unknown = 0xff
const sources = ['nobody', 'lan', 'box', 'peer', 'transit'] as const
const hops = ['none', 'peer', 'link', 'box'] as const
const flows = ['new', 'known', 'no-room', 'no-need'] as const
const meteredBit = 1
const backupBit = 2
const kinDownBit = 16
const kinBreachBit = 32

/** @throws WIRE_INVALID for a name that does not fit, or an address that is none */
export function encodeExplain(ask: FlowQuestion): Buffer {
  return new RecordWriter(recordSizes.explain)
    .name(ask.segment, nameBytes)
    .address(ask.source)
    .address(ask.destination)
    .u16(ask.sourcePort)
    .u16(ask.destinationPort)
    .u8(ask.protocol)
    .u8(ask.dscp)
    .u8(ask.isAnyProtocol ? 1 : 0)
    .zeros(1)
    .name(ask.server, serverBytes)
    .end()
}

/** @param drops names of the drop counters */
export function decodeExplanation(bytes: Uint8Array, drops: readonly string[]): Explanation {
  const from = new RecordReader(bytes)
  const names = Array.from({ length: 6 }, () => from.name(nameBytes))
  const [segment = '', toSegment = '', rule = '', peer = '', policy = '', application = ''] = names
  const port = from.name(interfaceBytes)
  const nextHop = from.address()
  const reason = from.u16()
  const mtuBytes = from.u16()
  const hop = hops[from.u8()] ?? 'none'
  const source = sources[from.u8()] ?? 'nobody'
  const isByKernel = from.u8() !== 0
  const hasSession = from.u8() !== 0
  const flow = flows[from.u8()] ?? 'new'
  const [path, bestPath, pinnedPath] = [known(from.u8()), known(from.u8()), known(from.u8())]
  const isNeighbourKnown = from.u8() !== 0
  const trafficClass = trafficClasses[from.u8()] ?? null
  from.skip(2)
  const flowIdleMs = from.u32()
  const waitingMs = maybe(from)
  const pathCount = from.u32()
  const incidentCount = from.u32()
  const peerCount = from.u32()
  from.skip(4)
  const fromPeer = from.name(nameBytes)
  return {
    segment,
    toSegment,
    rule,
    peer,
    policy,
    application,
    port,
    nextHop,
    reason: reason === noReason ? null : (drops[reason] ?? ''),
    mtuBytes,
    hop,
    from: source,
    fromPeer,
    isByKernel,
    hasSession,
    flow,
    path,
    bestPath,
    pinnedPath,
    isNeighbourKnown,
    class: trafficClass,
    flowIdleMs,
    waitingMs,
    peers: Array.from({ length: peerCount }, () => decodePeer(from)),
    paths: Array.from({ length: pathCount }, () => decodePath(from)),
    incidents: Array.from({ length: incidentCount }, () => decodeIncident(from, drops)),
  }
}

function decodePeer(from: RecordReader): ExplainedPeer {
  const peer = from.name(nameBytes)
  const standing = peerStandings[from.u8()] ?? 'down'
  const isHub = from.u8() !== 0
  from.skip(2)
  return { peer, standing, isHub, holdMs: from.u32() }
}

function decodePath(from: RecordReader): ExplainedPath {
  const remoteAddress = from.address()
  const remotePort = from.u16()
  const mtuBytes = from.u16()
  const number = from.u8()
  const uplink = from.u8()
  const remoteUplink = known(from.u8())
  const verdict = pathVerdicts[from.u8()] ?? 'down'
  const state = pathStates[from.u8()] ?? 'untried'
  const reason = pathReasons[from.u8()] ?? 'untried'
  const obstacle = pathObstacles[from.u8()] ?? 'none'
  const flags = from.u8()
  const place = { number, uplink, remoteUplink, remoteAddress, remotePort }
  const kin = {
    isKinDown: (flags & kinDownBit) !== 0,
    isKinBreaching: (flags & kinBreachBit) !== 0,
  }
  const price = { isMetered: (flags & meteredBit) !== 0, isBackup: (flags & backupBit) !== 0 }
  const [lossPpm, latencyUs, jitterUs] = [maybe(from), maybe(from), maybe(from)]
  const measures = { lossPpm, latencyUs, jitterUs }
  const stateMs = from.u32()
  const [heardMs, suspectMs] = [maybe(from), maybe(from)]
  const [holdMs, cleanMs] = [from.u32(), from.u32()]
  const times = { stateMs, heardMs, suspectMs, holdMs, cleanMs }
  const what = { verdict, state, reason, obstacle, ...price, mtuBytes }
  return { ...place, ...what, ...measures, ...times, ...kin }
}

function decodeIncident(from: RecordReader, drops: readonly string[]): Incident {
  const reason = drops[from.u16()] ?? ''
  const isOfFlow = from.u8() !== 0
  const isOfAnswers = from.u8() !== 0
  return {
    reason,
    isOfFlow,
    isOfAnswers,
    count: from.u32(),
    firstMs: from.u32(),
    lastMs: from.u32(),
  }
}

function maybe(from: RecordReader): number | null {
  const value = from.u32()
  return value === none ? null : value
}

function known(value: number): number | null {
  return value === unknown ? null : value
}
