/** The records of native/dataplane/include/causeway_traversal.h as bytes. See datapath.ts. */
import type {
  ChannelCounters,
  ChannelEnd,
  ChannelProgram,
  RelaySend,
  SprayProgram,
  TryProgram,
} from '../model/traversal-program.ts'
import { RecordReader, RecordWriter } from './bytes.ts'
import { nameBytes, recordSizes } from './datapath.ts'

/** @throws WIRE_INVALID for names and addresses that are none, here and below */
export function encodeChannel({ peer, channel, to, toChannel, rateBps }: ChannelProgram): Buffer {
  return new RecordWriter(recordSizes.channel)
    .name(peer, nameBytes)
    .name(to, nameBytes)
    .u32(channel)
    .u32(toChannel)
    .u64(rateBps)
    .end()
}

export function encodeChannelEnd({ peer, channel }: ChannelEnd): Buffer {
  return new RecordWriter(recordSizes.channelEnd).name(peer, nameBytes).u32(channel).u32(0).end()
}

/** @param first the place to tell from; 0 at first */
export function encodeChannelsAsk(first: number): Buffer {
  return new RecordWriter(4).u32(first).end()
}

/** A part of the channels that are open, and from which place on there are more; null: these were the last. */
export function decodeChannels(bytes: Uint8Array): {
  readonly channels: ChannelCounters[]
  readonly next: number | null
} {
  const from = new RecordReader(bytes)
  const count = from.u32()
  const next = from.u32()
  const channels = Array.from({ length: count }, () => decodeChannel(from))
  return { channels, next: next === 0 ? null : next }
}

function decodeChannel(from: RecordReader): ChannelCounters {
  return {
    peer: from.name(nameBytes),
    to: from.name(nameBytes),
    channel: from.u32(),
    toChannel: from.u32(),
    rateBps: from.u64(),
    ageMs: from.u32(),
    unusedMs: from.u32(),
    fromPeer: decodeChannelWay(from),
    fromTo: decodeChannelWay(from),
  }
}

function decodeChannelWay(from: RecordReader): ChannelCounters['fromPeer'] {
  return {
    packets: from.u64(),
    bytes: from.u64(),
    limitedPackets: from.u64(),
    limitedBytes: from.u64(),
  }
}

export function encodeRelaySend({ relay, channel, datagram }: RelaySend): Buffer {
  return new RecordWriter(recordSizes.relaySend + datagram.length)
    .name(relay, nameBytes)
    .u32(channel)
    .u32(datagram.length)
    .bytes(datagram, datagram.length)
    .end()
}

export function encodeTry({ peer, forMs, ways }: TryProgram): Buffer {
  const out = new RecordWriter(recordSizes.try + recordSizes.wayTry * ways.length)
    .name(peer, nameBytes)
    .u32(ways.length)
    .u32(forMs)
  for (const { uplink, localPort, remoteAddress, remotePort } of ways) {
    out.address(remoteAddress).u16(remotePort).u16(localPort).u8(uplink).zeros(3)
  }
  return out.end()
}

export function encodeSpray(spray: SprayProgram): Buffer {
  return new RecordWriter(recordSizes.spray)
    .name(spray.peer, nameBytes)
    .address(spray.remoteAddress)
    .u16(spray.remotePort)
    .u16(spray.near)
    .u16(spray.probes)
    .u16(Math.round(spray.gapMs * 10))
    .u8(spray.uplink)
    .u8(Number(spray.isManyLocal))
    .zeros(6)
    .end()
}
