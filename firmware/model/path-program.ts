/** Paths at the native border: which are worth trying, and what the datapath tells of those that there are. See program.ts. */

/** An uplink of this device and an address of the peer. At most 16 of a peer. */
export interface PathProgram {
  readonly peer: string
  /** Number of the uplink. */
  readonly uplink: number
  readonly remoteAddress: string
  readonly remotePort: number
}

/** Nobody has answered by it yet; it carries; it does not. */
export const pathStates = ['untried', 'up', 'down'] as const
export type PathState = (typeof pathStates)[number]

/** Why it is not `up`, in the order of the datapath's numbers. */
export const pathReasons = [
  'well',
  'untried',
  'silent',
  'unanswered',
  'deaf',
  'no-uplink',
  'no-relay',
] as const
export type PathReason = (typeof pathReasons)[number]

/** One direction; null where too little was sent of late to say. */
export interface DirectionQuality {
  readonly lossPpm: number | null
  readonly latePpm: number | null
  /** Mean delay above the least. */
  readonly jitterUs: number | null
}

/** What the datapath tells as it happens. */
export interface PathEvent extends Omit<PathProgram, 'peer'> {
  /** It went up or down, or it is as it was and the best from now on. */
  readonly change: 'state' | 'best'
  readonly number: number
  readonly remoteUplink: number | null
  readonly state: PathState
  readonly reason: PathReason
}

export interface PathCounters extends PathProgram {
  /** The own one; 0: through a relay. */
  readonly localPort: number
  /** On the wire, the own number (255: none yet, nobody has answered) and the far end's; null: not known. */
  readonly number: number
  readonly remoteNumber: number | null
  readonly remoteUplink: number | null
  readonly state: PathState
  readonly reason: PathReason
  readonly stateMs: number
  readonly heardMs: number | null
  /** At either end. */
  readonly isMetered: boolean
  readonly isBackup: boolean
  /** What nothing else is said of goes by it. */
  readonly isBest: boolean
  /** Not named by the program: the peer was heard by it, or it was tried. */
  readonly isLearned: boolean
  /** Through a relay: its address says which, and the channel (wire/relay.ts). */
  readonly isRelayed: boolean
  /** Named by `Datapath.try`. */
  readonly isTried: boolean
  readonly rttUs: number | null
  readonly rttP50Us: number | null
  readonly rttP95Us: number | null
  readonly rttP99Us: number | null
  /** As the far end reports, and as counted here. */
  readonly out: DirectionQuality
  readonly in: DirectionQuality
  /** How often it failed of late, once it was trusted. */
  readonly failures: number
  /** How often it went down since there is this path. */
  readonly downs: number
  /** Largest inner packet that goes by it whole, as found out so far; 0: it has not been looked at yet. */
  readonly mtuBytes: number
  readonly deliveredBps: number
  readonly txPackets: number
  readonly txBytes: number
  readonly rxPackets: number
  readonly rxBytes: number
}
