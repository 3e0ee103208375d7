/** The records of native/dataplane/include/causeway_flows.h as bytes. See datapath.ts. */
import { trafficClasses } from '../model/device-config-qos.ts'
import type { TableFlow } from '../model/table-flow.ts'
import { RecordReader, RecordWriter } from './bytes.ts'
import { nameBytes } from './datapath.ts'

const flags = { closed: 1, breakout: 2, stale: 4 } as const
const none = 255

/** @param first the place to tell from; 0 at first */
export function encodeFlowsAsk(first: number, idleMs: number): Buffer {
  return new RecordWriter(8).u32(first).u32(idleMs).end()
}

/** A part of what there is, and from which place on there is more; null: this was the last. */
export function decodeFlows(bytes: Uint8Array): {
  readonly flows: readonly TableFlow[]
  readonly next: number | null
} {
  const from = new RecordReader(bytes)
  const count = from.u32()
  const next = from.u32()
  const flows: TableFlow[] = []
  // As many as there are, whatever was said: one that is not there ends it.
  while (flows.length < count) flows.push(decodeFlow(from))
  return { flows, next: next === 0 ? null : next }
}

function decodeFlow(from: RecordReader): TableFlow {
  const ends = { source: from.address(), destination: from.address() }
  const segment = from.name(nameBytes)
  const peer = from.name(nameBytes)
  const policy = from.name(nameBytes)
  const idleMs = from.u32()
  const ports = { sourcePort: from.u16(), destinationPort: from.u16() }
  const [protocol, packets, number, path, uplink, flag] = Array.from({ length: 6 }, () => from.u8())
  from.skip(2)
  return {
    ...ends,
    ...ports,
    ...{ segment, idleMs, protocol: protocol!, packets: packets! },
    peer: peer === '' ? null : peer,
    policy: (flag! & flags.stale) === 0 ? policy : null,
    class: number === 0 ? null : (trafficClasses[number! - 1] ?? null),
    path: path === none ? null : path!,
    uplink: uplink === none ? null : uplink!,
    isClosed: (flag! & flags.closed) !== 0,
    isBreakout: (flag! & flags.breakout) !== 0,
  }
}
