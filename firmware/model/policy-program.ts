/**
 * How the datapath is told to steer: policies, and which flows are whose. A part of the program; see program.ts.
 */

/** What is behind an uplink. */
export type Network = 'internet' | 'private'

/** How flows of a kind are steered. */
export interface PolicyProgram {
  readonly name: string
  /** Limits of a path's quality; null: none. Latency is one way: half the round trip. */
  readonly lossPpm: number | null
  readonly latencyUs: number | null
  readonly jitterUs: number | null
  /** Paths over metered uplinks: none, if no other is usable, or like others. */
  readonly metered: 'never' | 'last' | 'ok'
  readonly kinds: readonly Network[]
  /** When no path keeps the limits: drop, instead of the least bad. */
  readonly isStrict: boolean
  /** Flows are spread over all good paths, by what these carry. */
  readonly isSpread: boolean
  /** Number of the class that its packets are; null: what their marks say. */
  readonly class: number | null
  /** Its flows do not leave to the Internet here. */
  readonly isBreakoutDenied: boolean
  /** Numbers of uplinks, best first; also of those whose port is absent. At most 8. */
  readonly prefer: readonly number[]
}

/** One comparison with a flow, seen from who begins it. */
export interface MatchProgram {
  /** '' says none. */
  readonly application: string
  /** TLS or QUIC server name in lower case, at most 63 bytes; `*.example.com` is any below; '' any, or none. */
  readonly server: string
  /** Prefixes; '' is every address. */
  readonly source: string
  readonly destination: string
  /** By name. */
  readonly policy: string
  /** Of the sender, by name; '' is any. */
  readonly segment: string
  /** First and last; 0–65535 is any, also packets without ports. */
  readonly sourcePorts: readonly [number, number]
  readonly destinationPorts: readonly [number, number]
  /** IP protocol number; 0 is any. */
  readonly protocol: number
  /** 0–63; null is any. */
  readonly dscp: number | null
}
