/**
 * Why traffic is where it is, at the native border: a flow that is asked about, and what the datapath would do with its next
 * packet. What it means to people is plan/explain.ts's.
 */
import type { TrafficClass } from './device-config-qos.ts'
import type { PathReason, PathState } from './path-program.ts'

/** A flow, as its packets say of themselves. */
export interface FlowQuestion {
  /** '' is that of the source's address. */
  readonly segment: string
  readonly source: string
  readonly destination: string
  /** 0 where the protocol has none, or where nobody knows. */
  readonly sourcePort: number
  readonly destinationPort: number
  /** IP protocol number. */
  readonly protocol: number
  /** It was not said: what befell packets of other protocols between the two is told, too. */
  readonly isAnyProtocol: boolean
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
  'doubtful',
  'loss',
  'latency',
  'jitter',
  'down',
  'metered',
  'kind',
] as const
export type PathVerdict = (typeof pathVerdicts)[number]

/** What stands in the way of a path's datagrams on their way out of this box, in the order of the datapath's numbers. */
export const pathObstacles = [
  'none',
  'no-port',
  'no-address',
  'no-carrier',
  'no-route',
  'no-neighbour',
  'no-relay',
] as const
export type PathObstacle = (typeof pathObstacles)[number]

/** How one of several peers that have a destination stands, in the order of the datapath's numbers. */
export const peerStandings = [
  'carries',
  'spare',
  'held',
  'no-session',
  'down',
  'silent',
  'barred',
] as const
export type PeerStanding = (typeof peerStandings)[number]

export interface ExplainedPeer {
  readonly peer: string
  readonly standing: PeerStanding
  readonly isHub: boolean
  /** Until it is trusted again, where `held`. */
  readonly holdMs: number
}

export interface ExplainedPath {
  readonly number: number
  readonly uplink: number
  readonly remoteUplink: number | null
  readonly remoteAddress: string
  readonly remotePort: number
  readonly verdict: PathVerdict
  readonly state: PathState
  readonly reason: PathReason
  readonly obstacle: PathObstacle
  /** At either end. */
  readonly isMetered: boolean
  readonly isBackup: boolean
  readonly mtuBytes: number
  /** As it is judged by; null: not known. */
  readonly lossPpm: number | null
  readonly latencyUs: number | null
  readonly jitterUs: number | null
  /** Since when its state is so. */
  readonly stateMs: number
  /** Null: never. */
  readonly heardMs: number | null
  /** Nothing is heard, and no probe is answered, since; null: it is not suspected. */
  readonly suspectMs: number | null
  /** Until it is trusted again, since it was down; 0: it is. And since it broke a limit of the policy. */
  readonly holdMs: number
  readonly cleanMs: number
  /** It was not the path itself, but one with which it has an end in common, that was down, or broke a limit. */
  readonly isKinDown: boolean
  readonly isKinBreaching: boolean
}

/** What befell packets within the last ten seconds. */
export interface Incident {
  /** The name of the drop counter. */
  readonly reason: string
  /** False: of its peer, or of nobody in particular. */
  readonly isOfFlow: boolean
  /** Of the flow's, on their way back. */
  readonly isOfAnswers: boolean
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
  /** Of a flow from a peer: that of its answers; '' where none is asked for. */
  readonly policy: string
  readonly application: string
  /** Twin of the link by which it leaves (for a peer: of its path's uplink), and the next hop there; '' for none. */
  readonly port: string
  readonly nextHop: string
  /** Why its next packet would be dropped, as the drop counters have it; null: it would not. */
  readonly reason: string | null
  /** Largest packet that crosses the path whole; 0 without one. */
  readonly mtuBytes: number
  /** `none`: what comes from a LAN is the kernel's then. */
  readonly hop: 'none' | 'peer' | 'link' | 'box'
  /** `nobody`: its source's address is in no segment here; `transit`: it comes from a peer and goes to one. */
  readonly from: 'nobody' | 'lan' | 'box' | 'peer' | 'transit'
  /** In transit, from one peer to another: that it comes from; otherwise ''. */
  readonly fromPeer: string
  /** The kernel forwards it here: from one LAN or segment to another. */
  readonly isByKernel: boolean
  readonly hasSession: boolean
  /** Whether it has a place of its own in the table of flows; `no-need`: there is nothing to choose. */
  readonly flow: 'new' | 'known' | 'no-room' | 'no-need'
  /** Number of the path that its next packet takes (from a peer: its answers'), that new flows take, and that it is on. */
  readonly path: number | null
  readonly bestPath: number | null
  readonly pinnedPath: number | null
  readonly isNeighbourKnown: boolean
  /** Of its packets (from a peer: its answers'), where an uplink is full; null: nobody asks. */
  readonly class: TrafficClass | null
  readonly flowIdleMs: number
  /** Packets have waited so long for the next hop, or for a session; null: none waits. */
  readonly waitingMs: number | null
  /** That have the destination, in their order; none where one alone has it. */
  readonly peers: readonly ExplainedPeer[]
  readonly paths: readonly ExplainedPath[]
  readonly incidents: readonly Incident[]
}
