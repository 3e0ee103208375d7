/** `struct cw_path_counters` and `struct cw_path_event` as the datapath writes them. See datapath.ts. */
import {
  type PathCounters,
  type PathEvent,
  type PathReason,
  type PathState,
  pathReasons,
  pathStates,
} from '../model/path-program.ts'
import type { RecordReader } from './bytes.ts'

const none = 0xffff_ffff
const unknown = 0xff
const flag = { metered: 1, backup: 2, best: 4, learned: 8, relayed: 16, tried: 32 } as const

/** @param peers names, in the order of the counters of peers */
export function decodePath(from: RecordReader, peers: readonly string[]): PathCounters {
  const remoteAddress = from.address()
  const txPackets = from.u64()
  const txBytes = from.u64()
  const rxPackets = from.u64()
  const rxBytes = from.u64()
  const deliveredBps = from.u64()
  const stateMs = from.u32()
  const heardMs = maybe(from)
  const rttUs = maybe(from)
  const [rttP50Us, rttP95Us, rttP99Us] = [maybe(from), maybe(from), maybe(from)]
  const [lossOut, lossIn] = [maybe(from), maybe(from)]
  const [lateOut, lateIn] = [maybe(from), maybe(from)]
  const [jitterOut, jitterIn] = [maybe(from), maybe(from)]
  const failures = from.u32()
  const downs = from.u32()
  const mtuBytes = from.u16()
  const peer = peers[from.u16()] ?? ''
  const remotePort = from.u16()
  const number = from.u8()
  const remoteNumber = known(from.u8())
  const uplink = from.u8()
  const remoteUplink = known(from.u8())
  const state = stateOf(from.u8())
  const reason = reasonOf(from.u8())
  const flags = from.u8()
  from.skip(1)
  const localPort = from.u16()
  return {
    peer,
    uplink,
    localPort,
    remoteAddress,
    remotePort,
    number,
    remoteNumber,
    remoteUplink,
    state,
    reason,
    stateMs,
    heardMs,
    isMetered: (flags & flag.metered) !== 0,
    isBackup: (flags & flag.backup) !== 0,
    isBest: (flags & flag.best) !== 0,
    isLearned: (flags & flag.learned) !== 0,
    isRelayed: (flags & flag.relayed) !== 0,
    isTried: (flags & flag.tried) !== 0,
    rttUs,
    rttP50Us,
    rttP95Us,
    rttP99Us,
    out: { lossPpm: lossOut, latePpm: lateOut, jitterUs: jitterOut },
    in: { lossPpm: lossIn, latePpm: lateIn, jitterUs: jitterIn },
    failures,
    downs,
    mtuBytes,
    deliveredBps,
    txPackets,
    txBytes,
    rxPackets,
    rxBytes,
  }
}

export function decodePathEvent(from: RecordReader): PathEvent {
  const remoteAddress = from.address()
  const remotePort = from.u16()
  return {
    remoteAddress,
    remotePort,
    number: from.u8(),
    uplink: from.u8(),
    remoteUplink: known(from.u8()),
    state: stateOf(from.u8()),
    reason: reasonOf(from.u8()),
    change: from.u8() !== 0 ? 'best' : 'state',
  }
}

function stateOf(number: number): PathState {
  return pathStates[number] ?? 'untried'
}

function reasonOf(number: number): PathReason {
  return pathReasons[number] ?? 'untried'
}

function maybe(from: RecordReader): number | null {
  const value = from.u32()
  return value === none ? null : value
}

function known(value: number): number | null {
  return value === unknown ? null : value
}
