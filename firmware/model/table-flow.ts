/** A flow that has a place in the datapath's table, as it tells it. */
import type { TrafficClass } from './device-config-qos.ts'

export interface TableFlow {
  readonly source: string
  readonly destination: string
  /** 0 where there are none. */
  readonly sourcePort: number
  readonly destinationPort: number
  readonly protocol: number
  readonly segment: string
  /** Null: none. */
  readonly peer: string | null
  /** Null: decided by a program that runs no more. */
  readonly policy: string | null
  /** That its policy says; null: none, so its mark does. */
  readonly class: TrafficClass | null
  readonly idleMs: number
  /** So many, or more where it is 255. */
  readonly packets: number
  /** Number of its path on the wire, and of its own uplink; null: none. */
  readonly path: number | null
  readonly uplink: number | null
  readonly isClosed: boolean
  /** To the kernel, and by it to the Internet. */
  readonly isBreakout: boolean
}
