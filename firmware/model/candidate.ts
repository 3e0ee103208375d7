/** Addresses by which a device may be reached, as peers tell each other: with what its NAT does there. RFC 8445 §5, RFC 4787. */

/** Of an uplink itself; as servers see it (STUN); as a NAT was asked to forward it. In the order of their numbers on the wire, from 1. */
export const candidateKinds = ['host', 'reflexive', 'mapped'] as const
export type CandidateKind = (typeof candidateKinds)[number]

/** Whether one socket looks the same to everybody. `none`: there is no NAT. In the order of their numbers on the wire. */
export const candidateMappings = ['unknown', 'none', 'endpoint-independent', 'dependent'] as const
export type CandidateMapping = (typeof candidateMappings)[number]

/** Who is let in: anybody, who was sent something, or who was from that very port. In the order of their numbers on the wire. */
export const candidateFilterings = ['unknown', 'open', 'address', 'address-and-port'] as const
export type CandidateFiltering = (typeof candidateFilterings)[number]

export interface Candidate {
  readonly kind: CandidateKind
  /** The sender's number of it. */
  readonly uplink: number
  readonly mapping: CandidateMapping
  readonly filtering: CandidateFiltering
  readonly address: string
  readonly port: number
  /** From one mapping to the next, of a NAT that counts; 0: it does not, or nobody knows. */
  readonly portStep: number
  /** What goes by that uplink is paid for. */
  readonly isMetered: boolean
}

/** What stands before the sender: nothing that it knows of, a wall that lets UDP out to few ports alone, or one that lets nothing back. In the order of their numbers on the wire. */
export const candidateWalls = ['open', 'walled', 'blocked'] as const
export type CandidateWall = (typeof candidateWalls)[number]

/** Of one message. */
export const maxCandidates = 16
