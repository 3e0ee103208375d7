/**
 * What the gateway tells the datapath about ways through NATs: channels of a relay, handshakes by one, ways to be tried, and
 * sprays. `native/dataplane/include/causeway_traversal.h` has the same.
 */

/** Number of the uplink of every relayed way. */
export const relayUplink = 0xfe
/** The same by name. */
export const relayUplinkName = 'relay'

/** What wire.md allows a device at each relay. */
export const mostChannels = 64
/** Of all devices: `CW_CHANNEL_PAIRS_MAX`. */
export const mostChannelPairs = 32_768

/** A relay's: what `peer` sends by its channel goes to `to`, by that one's; and the other way round. At most 64 of a peer. */
export interface ChannelProgram {
  readonly peer: string
  readonly channel: number
  readonly to: string
  readonly toChannel: number
  /** Of each direction, in UDP payload that is forwarded. */
  readonly rateBps: number
}

/** What came from one end of a channel: datagrams that were forwarded, and such as the rate kept back; bytes of UDP payload. */
export interface ChannelTraffic {
  readonly packets: number
  readonly bytes: number
  readonly limitedPackets: number
  readonly limitedBytes: number
}

/** One that is open, as a relay's datapath has it. */
export interface ChannelCounters extends ChannelProgram {
  readonly ageMs: number
  readonly unusedMs: number
  readonly fromPeer: ChannelTraffic
  readonly fromTo: ChannelTraffic
}

export interface ChannelEnd {
  readonly peer: string
  readonly channel: number
}

/** A handshake datagram (0xD4–0xD7, at most 160 bytes) that goes by a channel of a relay. */
export interface RelaySend {
  readonly relay: string
  readonly channel: number
  readonly datagram: Uint8Array
}

/** Ways to a peer that the program does not name, at most 16; they replace those that were tried before. */
export interface TryProgram {
  readonly peer: string
  /** What nobody has answered by then is forgotten, but for relayed ways. */
  readonly forMs: number
  readonly ways: readonly WayProgram[]
}

/** Relayed: `relayUplink`, ports 0, and the address of wire/relay.ts. */
export interface WayProgram {
  readonly uplink: number
  /** 0: the overlay's. */
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
}

/** Probes to many ports of the peer, or from many here; one at a time on a box, and 0 probes end it. */
export interface SprayProgram {
  readonly peer: string
  readonly uplink: number
  readonly remoteAddress: string
  /** The first predicted, or the one and only. */
  readonly remotePort: number
  /** So many ports from there on come first, then any at random. */
  readonly near: number
  /** In all: at most 1,024. */
  readonly probes: number
  /** Between two, in steps of 0.1 ms. */
  readonly gapMs: number
  /** From each of the spray ports, all to `remotePort`. */
  readonly isManyLocal: boolean
}

/** Ends the one that runs. */
export const noSpray: Omit<SprayProgram, 'peer'> = {
  ...{ uplink: 0, remoteAddress: '::', remotePort: 0, near: 0, probes: 0, gapMs: 0 },
  isManyLocal: false,
}
