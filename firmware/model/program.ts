/**
 * What the gateway tells the datapath, and what it hears back: the data of the native border.
 * `wire/datapath.ts` turns it into the bytes of `native/dataplane/include/causeway_dp.h`.
 * Names are at most 31 bytes of ASCII; addresses are text (`10.1.0.1`, `fd00::1`).
 */

/** One loadable state of the datapath: replaces the one before it, all or nothing. */
export interface Program {
  /** Grows with every load; a smaller one than the running program's is refused. */
  readonly generation: number
  /** HASH('cw1-mac1' ‖ own static key), 32 bytes, one per own static key; at most 32 (wire.md). */
  readonly mac1Keys: readonly Uint8Array[]
  readonly ports: readonly PortProgram[]
  readonly segments: readonly SegmentProgram[]
  readonly peers: readonly PeerProgram[]
  readonly routes: readonly RouteProgram[]
}

/** A NIC that the datapath owns, with its kernel twin. */
export interface PortProgram {
  /** Name of the twin, a persistent multi-queue TAP in the datapath's own network namespace. */
  readonly twin: string
  /** Kernel name of the NIC, and the named network namespace that holds it (`''`: the own one). */
  readonly nic: string
  readonly nicNetns: string
  readonly role: 'uplink' | 'lan'
  /** Number of the uplink on the wire (0–255); 0 for a LAN. */
  readonly uplink: number
  /** The segment that a LAN belongs to, by name; '' for an uplink. */
  readonly segment: string
  /** UDP port of the overlay; 0 for a LAN. */
  readonly overlayPort: number
  /** Kernel routing table that holds the uplink's routes; 254 is `main`. */
  readonly table: number
}

export interface SegmentProgram {
  readonly name: string
  readonly vni: number
  /** Name of the segment's L3 twin, a persistent TUN. */
  readonly twin: string
}

export interface PeerProgram {
  readonly name: string
  /** Tenant (16 bytes) and static key (32). A name with another identity is another peer: sessions of the one before end. */
  readonly identity: Uint8Array
}

/** An overlay prefix: where to send it, and from whom its addresses are accepted as inner sources. */
export interface RouteProgram {
  readonly segment: string
  readonly prefix: string
  readonly peer: string
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
  /** A raw handshake starts a session and sets its path 0; a rekey keeps the session's paths. */
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
  readonly ports: readonly PortCounters[]
  readonly peers: readonly PeerCounters[]
}

export interface PortCounters {
  readonly twin: string
  readonly isUp: boolean
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
