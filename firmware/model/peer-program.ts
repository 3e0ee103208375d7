/** Peers of a program, and what lies behind them: a part of program.ts. */

export interface PeerProgram {
  readonly name: string
  /** Tenant (16) and static key (32): no two keys begin alike. A name with another identity is another peer, without sessions. */
  readonly identity: Uint8Array
  readonly isHub: boolean
  /** The most that is sent to it by each uplink, bits a second; 0: no limit. */
  readonly limitBps: number
}

/**
 * An overlay prefix: where to send it, and from whom its addresses are accepted as inner sources. Of several peers that have it
 * the one of the lowest rank that is reached carries.
 */
export interface RouteProgram {
  readonly segment: string
  readonly prefix: string
  readonly peer: string
  /** 0 to 3, each once. */
  readonly rank: number
}
