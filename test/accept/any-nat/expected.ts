/**
 * What must come of two branches, for each pair of what may stand before them: 49 outcomes, each with its reason. Written down
 * before anything was measured; matrix.ts prints what it measures beside it.
 */
import { type AccessKind, accessKinds } from '../../lab/nat-kind.ts'

/** `direct`: without probing. `spray`: direct, once ports have been probed. `relayed`: never direct. */
export type Outcome = 'direct' | 'spray' | 'relayed'

interface Rule {
  readonly outcome: Outcome
  readonly reason: string
}

export const rules = {
  open: {
    outcome: 'direct',
    reason: 'one end takes datagrams from anybody, and the other may send it some',
  },
  meet: {
    outcome: 'direct',
    reason:
      'the port that STUN has seen is the one for every peer: both send, which opens both filters',
  },
  near: {
    outcome: 'direct',
    reason:
      'the port of the symmetric end is unknown, but the other end filters by address, which one datagram opens',
  },
  hunt: {
    outcome: 'spray',
    reason:
      'the port of the symmetric end is unknown, and the other end filters by it: 256 mappings meet 1,024 probes',
  },
  dark: {
    outcome: 'relayed',
    reason: 'neither port is known: a probe would have to hit both at once',
  },
  wall: {
    outcome: 'relayed',
    reason: 'one end may send to port 443 only, where no branch can be called',
  },
} as const satisfies Readonly<Record<string, Rule>>

type RuleName = keyof typeof rules

/** Rows and columns in the order of `accessKinds`. */
const table: Readonly<Record<AccessKind, string>> = {
  none: /*           */ 'open open open open open open wall',
  'full-cone': /*    */ 'open open open open open open wall',
  restricted: /*     */ 'open open meet meet near meet wall',
  'port-restricted': 'open open meet meet hunt meet wall',
  symmetric: /*      */ 'open open near hunt dark hunt wall',
  carrier: /*        */ 'open open meet meet hunt meet wall',
  'port-443': /*     */ 'wall wall wall wall wall wall wall',
}

export function expectedOf(
  left: AccessKind,
  right: AccessKind,
): Rule & { readonly rule: RuleName } {
  const rule = table[left].split(' ')[accessKinds.indexOf(right)] as RuleName
  return { ...rules[rule], rule }
}

/** A first packet passes within so long, by the relay if need be: always. Where nothing else runs, from the start of the last
 *  process on; otherwise from when the last gateway is ready. */
export const firstMs = 3_000
/** A direct way is there, from when the last gateway is ready. */
export const directMs: Readonly<Record<Outcome, number>> = {
  direct: 2_000,
  spray: 20_000,
  relayed: Number.POSITIVE_INFINITY,
}
/** The short form runs beside others, and judges no speed: that a way becomes direct, not how soon. */
export function directWithinMs(outcome: Outcome, isQuick: boolean): number {
  return isQuick ? 2 * directMs[outcome] : directMs[outcome]
}
/**
 * What hole punching may send to be direct by then: from the symmetric end mappings, a socket each, from the other end probes. One
 * spray meets in 98 of 100 cases, as chance has it, so a second one may follow: it uses the same mappings.
 */
export const sprayBudget = { mappings: 256, probes: 2 * 1_024 } as const
/** Hole punching without a spray: candidates of the other end, and paths that are up are asked. What takes more is a spray. */
export const plainPairs = 24
