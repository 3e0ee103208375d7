/** When a direct way to a peer is looked for again, and why there is none. Pure. */
import type { Candidate, CandidateWall } from '../model/candidate.ts'
import { isSymmetric, stunPort, type UplinkNat } from '../model/nat.ts'
import type { RelayedReason } from '../model/relayed-reason.ts'
import type { OwnPlace } from './candidate.ts'
import { portsByHost } from './stun.ts'

/** While data flows, the last one again and again: a NAT that is relaxed must not go unnoticed for a minute. */
const busyRetryMs = [5_000, 10_000, 20_000, 40_000]
const idleRetryMs = 20 * 60_000
const meteredRetryMs = 60 * 60_000

/** From the first failure on: a spray costs more than other tries. */
const sprayAtMs = [0, 5_000, 5 * 60_000, 30 * 60_000, 2 * 60 * 60_000]

/** QUIC's, which walls let out that let out little. */
const wallPort = 443

export interface Efforts {
  /** Tries that failed since anything changed. */
  readonly failures: number
  readonly hasData: boolean
  /** All uplinks that can be used cost. */
  readonly isMetered: boolean
}

/** From the last failure on. */
export function retryMs({ failures, hasData, isMetered }: Efforts): number {
  if (!hasData) return isMetered ? meteredRetryMs : idleRetryMs
  return busyRetryMs[Math.min(failures, busyRetryMs.length) - 1] ?? busyRetryMs[0]!
}

/** @param sprays those that failed; @param sinceMs the first simple try that failed, since anything changed */
export function isSprayDue(sprays: number, sinceMs: number, hasData: boolean): boolean {
  const atMs = sprayAtMs[sprays]
  if (atMs === undefined) return false
  // The first two find out whether it works at all.
  return sinceMs >= atMs && (sprays < 2 || hasData)
}

/** What a peer said last. */
export interface Told {
  readonly candidates: readonly Candidate[]
  readonly wall: CandidateWall
}

/** What the peer is told, so that both ends give one reason. */
export function wallOf(own: OwnPlace): CandidateWall {
  const outer = outerNats(own)
  if (outer.length === 0) return 'open'
  if (outer.every(({ isBlocked }) => isBlocked)) return 'blocked'
  return outer.every(isWalled) ? 'walled' : 'open'
}

/** @param theirs null: the peer told nothing */
export function whyRelayed(
  own: OwnPlace,
  theirs: Told | null,
  tried: { readonly ways: number; readonly sprays: number },
): RelayedReason {
  const wall = wallOf(own)
  if (wall === 'blocked') return 'blocked'
  if (theirs === null) return 'no-answer'
  if (theirs.wall === 'blocked') return 'peer-blocked'
  if (wall === 'walled') return 'walled'
  if (theirs.wall === 'walled') return 'peer-walled'
  if (tried.ways === 0) return 'no-candidates'
  const seen = theirs.candidates.filter(({ kind }) => kind === 'reflexive')
  const isOwnDependent = outerNats(own).some(isSymmetric)
  const isTheirsDependent = seen.some(({ mapping }) => mapping === 'dependent')
  if (isOwnDependent && isTheirsDependent) return 'both-dependent'
  return tried.sprays > 0 ? 'ports-unmet' : 'unanswered'
}

function outerNats({ nats, uplinks }: OwnPlace): UplinkNat[] {
  return nats.filter(({ uplink }) =>
    uplinks.some(({ name, network }) => name === uplink && network === 'internet'),
  )
}

/** A host answers at 443 and not at the overlay's port; where 3478 alone is silent, the wall may be the host's own. */
function isWalled(reading: UplinkNat): boolean {
  return portsByHost(reading).some(({ heard, silent }) => {
    const isDeaf = silent.some((port) => port !== stunPort)
    return heard.length > 0 && isDeaf && heard.every((port) => port === wallPort)
  })
}
