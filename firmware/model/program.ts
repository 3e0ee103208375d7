/**
 * What the gateway tells the datapath, and what it hears back: the data of the native border.
 * `wire/datapath.ts` turns it into the bytes of `native/dataplane/include/causeway_dp.h`.
 * Names are at most 31 bytes of ASCII; addresses are text (`10.1.0.1`, `fd00::1`).
 */

import type { PathCounters, PathEvent, PathProgram } from './path-program.ts'
import type { PeerProgram, RouteProgram } from './peer-program.ts'
import type { MatchProgram, PolicyProgram } from './policy-program.ts'
import type { PortProgram } from './port-program.ts'

/** One loadable state of the datapath: replaces the one before it, all or nothing. */
export interface Program {
  /** Grows with every load; a smaller one than the running program's is refused. */
  readonly generation: number
  /** HASH('cw1-mac1' ‖ own static key), 32 bytes, one per own static key; at most 32 (wire.md). */
  readonly mac1Keys: readonly Uint8Array[]
  /** What one peer sends for another goes on: not from hub to hub, nor back. */
  readonly isTransit: boolean
  readonly ports: readonly PortProgram[]
  readonly segments: readonly SegmentProgram[]
  readonly peers: readonly PeerProgram[]
  readonly routes: readonly RouteProgram[]
  /** In order: the first that fits decides. */
  readonly acl: readonly AclProgram[]
  /** The first is the default's: there is always one. At most 32. */
  readonly policies: readonly PolicyProgram[]
  /** In order: the first that fits a flow decides; one that none fits is the first policy's. At most 1,024. */
  readonly matches: readonly MatchProgram[]
  /** Those that are worth trying; others are learned. */
  readonly paths: readonly PathProgram[]
}

export interface SegmentProgram {
  readonly name: string
  readonly vni: number
  /** Name of the segment's L3 twin, a persistent TUN. */
  readonly twin: string
  /** What leaves the site by all uplinks together, and what its LANs are given, bits a second; 0: no limit. */
  readonly upBps: number
  readonly downBps: number
}

/** Between two prefixes of segments of this device. An allowing rule also fits the way back. */
export interface AclProgram {
  readonly name: string
  readonly action: 'allow' | 'deny'
  readonly fromSegment: string
  readonly toSegment: string
  /** Prefixes; '' is every address. */
  readonly source: string
  readonly destination: string
  /** IP protocol number; 0 is any. */
  readonly protocol: number
  /** First and last; 0–65535 is any, also packets without ports. */
  readonly sourcePorts: readonly [number, number]
  readonly destinationPorts: readonly [number, number]
}

/** What one handshake yields, as seen from here: `seal` is the own direction. */
export interface Keypair {
  readonly peer: string
  /** The index the peer puts into what it seals for us, and ours for it. Random, never zero. */
  readonly localIndex: number
  readonly remoteIndex: number
  readonly suite: 'chacha20-poly1305' | 'aes-256-gcm'
  /** The initiator's keypair is `current` at once, the responder's is `next` until the first packet. */
  readonly role: 'initiator' | 'responder'
  /** A raw handshake starts a session, and names the way that it went; a rekey keeps the session's: its own is not looked at. */
  readonly origin: 'raw' | 'rekey'
  readonly uplink: number
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly seal: DirectionKeys
  readonly open: DirectionKeys
  /** 32 bytes each; kept by the datapath for a restarted gateway. */
  readonly chain: Uint8Array
  readonly h: Uint8Array
  /** Hard stop, counted from the installation by a clock that counts suspend. At most 180,000. */
  readonly lifetimeMs: number
}

/** 32, 12 and 4 bytes: wire.md, "Keys". */
export interface DirectionKeys {
  readonly key: Uint8Array
  readonly iv: Uint8Array
  readonly time: Uint8Array
}

/** Items to be sealed in one control frame (0xD2) under the named keypair, which must be `current`. */
/** With what the datapath asks strangers for cookies: the key that seals them, the present secret, the one before. */
export interface CookieSecrets {
  readonly cookieKey: Uint8Array
  readonly secrets: readonly Uint8Array[]
}

export interface ControlSend {
  readonly peer: string
  readonly localIndex: number
  /** Encoded items, at most 1,200 bytes and 16 items. */
  readonly items: Uint8Array
}

export type DatapathEvent =
  /** The first packet under a keypair was authenticated; a responder's `next` became `current`. */
  | { readonly kind: 'confirmed'; readonly peer: string; readonly localIndex: number }
  /** Opened items that the gateway acts on: path add and remove, 0x0A–0x0E. Whole TLVs, as on the wire. */
  | {
      readonly kind: 'control'
      readonly peer: string
      readonly localIndex: number
      readonly items: Uint8Array
    }
  /** Probes stayed unanswered on every path for 5 s. Repeated every 5 s while that lasts. */
  | { readonly kind: 'silent'; readonly peer: string; readonly localIndex: number }
  /** A packet wants to go to a peer without a usable keypair. At most one a second and peer. */
  | { readonly kind: 'wanted'; readonly peer: string }
  /** 2^28 packets were sealed under this keypair: rekey now. */
  | { readonly kind: 'used'; readonly peer: string; readonly localIndex: number }
  /** The keypair was erased: lifetime, retirement or replacement. */
  | { readonly kind: 'erased'; readonly peer: string; readonly localIndex: number }
  /** Policy kept a packet out; `peer` is '' for one from a LAN or the box itself. Some a second at most. */
  | { readonly kind: 'denied'; readonly peer: string; readonly denial: Denial }
  /** A NIC or a link of the kernel came, went or changed. */
  | { readonly kind: 'links' }
  /** Some a second at most; what has no place in that is told later, if it is still so. */
  | ({ readonly kind: 'path'; readonly peer: string } & PathEvent)
  /** A handshake that came by a channel of the relay `peer`, checked for size, mac1 and rate. */
  | {
      readonly kind: 'relayed'
      readonly peer: string
      readonly channel: number
      readonly datagram: Uint8Array
    }
  /** This box's, of `peer`: unused for 300 s, or the session with an end of it is over. */
  | { readonly kind: 'channel-ended'; readonly peer: string; readonly channel: number }

export interface Denial {
  readonly source: string
  readonly destination: string
  /** 0 where the protocol or the fragment has none. */
  readonly sourcePort: number
  readonly destinationPort: number
  readonly protocol: number
  /** The name of the drop counter that has it. */
  readonly reason: string
  /** Denials before this one that were not told. */
  readonly suppressed: number
  /** Whence ('' for a VNI unknown here) and whither; '' for the default rule. */
  readonly segment: string
  readonly toSegment: string
  readonly rule: string
}

export type KeypairState = 'previous' | 'current' | 'next'

/** A live keypair as the datapath sees it; `chain` and `h` let a restarted gateway go on rekeying. */
export interface InstalledKeypair {
  readonly peer: string
  readonly localIndex: number
  readonly remoteIndex: number
  readonly state: KeypairState
  readonly role: 'initiator' | 'responder'
  readonly origin: 'raw' | 'rekey'
  readonly isConfirmed: boolean
  readonly ageMs: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly uplink: number
  readonly chain: Uint8Array
  readonly h: Uint8Array
}

/** One batched read of everything that counts. All values since the datapath started. */
export interface Counters {
  /** Generation of the running program; 0 before the first load. */
  readonly generation: number
  readonly uptimeMs: number
  /** Named drop reasons; every reason is present, zeros included. */
  readonly drops: Readonly<Record<string, number>>
  /** Installed and not yet erased. */
  readonly keypairs: number
  /** Packet buffers that are not free: at rest a constant. */
  readonly buffers: { readonly small: number; readonly large: number }
  readonly overflow: Overflow
  readonly flows: FlowTable
  readonly ports: readonly PortCounters[]
  readonly peers: readonly PeerCounters[]
  readonly paths: readonly PathCounters[]
}

/** The table of flows: idle ones count as in use; those refused for want of a place are steered packet by packet. */
export interface FlowTable {
  readonly places: number
  readonly inUse: number
  readonly refused: number
}

/** How much of what the kernel has of the program's interfaces is left out, as no table has room for it. */
export interface Overflow {
  readonly addresses: number
  readonly routes: number
  readonly neighbours: number
}

export interface PortCounters {
  readonly twin: string
  readonly isUp: boolean
  /** So often its carrier went, which may be back before anybody looks. */
  readonly downs: number
  /** Its NIC or twin vanished, and may be back by now: only a load opens it anew. */
  readonly isGone: boolean
  /** Frames and bytes as read from and written to the NIC; a train counts each of its segments. */
  readonly rxPackets: number
  readonly rxBytes: number
  readonly txPackets: number
  readonly txBytes: number
  /** Buffers: fewer than packets where trains cross whole. */
  readonly rxBuffers: number
  readonly txBuffers: number
}

export interface PeerCounters {
  readonly peer: string
  /** Inner packets and bytes, sealed and opened. */
  readonly rxPackets: number
  readonly rxBytes: number
  readonly txPackets: number
  readonly txBytes: number
  /** Round trip of probes, smoothed (RFC 6298); null before the first reply. */
  readonly rttUs: number | null
  /** Time since the last authenticated packet; null without a session. */
  readonly lastHeardMs: number | null
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localIndex: number
  /** What came from it and was forwarded to others, in bytes of UDP payload: this box is its relay. */
  readonly relayedPackets: number
  readonly relayedBytes: number
  /** What was not, since the rate of its channel was used up. */
  readonly limitedPackets: number
  readonly limitedBytes: number
}

/** Answer to the first question on the border. */
export interface DatapathInfo {
  readonly abi: number
  /** Random per process: a changed one means that all sessions are gone. */
  readonly bootId: string
  readonly aead: 'ipsec-mb' | 'openssl'
  readonly pid: number
  /** Whether AES-256-GCM is fast here: offer suite 2. */
  readonly hasAes: boolean
  readonly hugepageBytes: number
}
