/**
 * Why traffic is where it is, at the native border: a flow that is asked about, and what the datapath would do with its next
 * packet. What it means to people is plan/explain.ts's.
 */
import type { PathReason, PathState } from './path-program.ts'

/** A flow, as its packets say of themselves. */
export interface FlowQuestion {
  /** '' is that of the source's address. */
  readonly segment: string
  readonly source: string
  readonly destination: string
  /** 0 where the protocol has none. */
  readonly sourcePort: number
  readonly destinationPort: number
  /** IP protocol number. */
  readonly protocol: number
  readonly dscp: number
  /** TLS or QUIC server name in lower case; '' is none. */
  readonly server: string
}

/** What a policy makes of a path, in the order of the datapath's numbers. */
export const pathVerdicts = [
  'chosen',
  'less-preferred',
  'last-resort',
  'returning',
  'loss',
  'latency',
  'jitter',
  'down',
  'metered',
  'kind',
] as const
export type PathVerdict = (typeof pathVerdicts)[number]

export interface ExplainedPath {
  readonly number: number
  readonly uplink: number
  readonly remoteUplink: number | null
  readonly remoteAddress: string
  readonly remotePort: number
  readonly verdict: PathVerdict
  readonly state: PathState
  readonly reason: PathReason
  readonly mtuBytes: number
  /** As it is judged by; null: not known. */
  readonly lossPpm: number | null
  readonly latencyUs: number | null
  readonly jitterUs: number | null
}

/** What befell packets within the last ten seconds. */
export interface Incident {
  /** The name of the drop counter. */
  readonly reason: string
  /** False: of its peer, or of nobody in particular. */
  readonly isOfFlow: boolean
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
}

export interface Explanation {
  /** Whence and whither; '' where the address belongs to no segment here. */
  readonly segment: string
  readonly toSegment: string
  /** Of the ACL; '' is the default. */
  readonly rule: string
  /** It goes to, or comes from; '' for none. */
  readonly peer: string
  readonly policy: string
  readonly application: string
  /** Twin of the link by which it leaves, and the next hop there; '' for none. */
  readonly port: string
  readonly nextHop: string
  /** Why its next packet would be dropped, as the drop counters have it; null: it would not. */
  readonly reason: string | null
  /** Largest packet that crosses the path whole; 0 without one. */
  readonly mtuBytes: number
  /** `none`: what comes from a LAN is the kernel's then. */
  readonly hop: 'none' | 'peer' | 'link' | 'box'
  /** Opened from a peer, for this site. */
  readonly isInward: boolean
  readonly hasSession: boolean
  /** Whether it has a place of its own in the table of flows. */
  readonly flow: 'new' | 'known' | 'no-room'
  /** Number of the path that a new flow takes, and of the one that this flow is on. */
  readonly path: number | null
  readonly pinnedPath: number | null
  readonly isNeighbourKnown: boolean
  readonly flowIdleMs: number
  readonly paths: readonly ExplainedPath[]
  readonly incidents: readonly Incident[]
}
