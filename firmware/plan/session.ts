/**
 * Decisions about sessions: when to rekey, and who goes first when both ends initiate; with the intervals they
 * rest on. Pure. wire.md, "Retries", "Limits" and "Rekey without loss".
 */

/** Every interval of a session, in ms. Configuration may shorten them; both ends should agree. */
export interface SessionTiming {
  /** An unanswered initiation is sent again, unchanged, so long after its first sending. */
  readonly resendMs: readonly number[]
  /** After a random time in this range a new initiation takes its place. */
  readonly retryMs: readonly [number, number]
  /** A restarted box initiates to its peers within this time. */
  readonly spreadMs: number
  /** The initiator of `current` rekeys at a random age in this range, the other end at a later one. */
  readonly rekeyInitiatorMs: readonly [number, number]
  readonly rekeyResponderMs: number
  /** No rekey so soon after a change of `current`, a session's first one excepted. */
  readonly rekeyQuietMs: number
  /** No rekey replaces an unconfirmed `next` so young: what asks for it is an older message, overtaken. */
  readonly nextHoldMs: number
  /** Hard stop of a keypair. */
  readonly lifetimeMs: number
  /** So long is an own initiation, raw or rekey, stronger than the other's at the end with the smaller key. */
  readonly ownRawMs: number
  readonly ownRekeyMs: number
  /** The secret behind freshness challenges changes so often; the one before is still good. */
  readonly challengeMs: number
  /** A cookie may be shown for so long; the secret behind cookies changes as often. */
  readonly cookieMs: number
  /** The datapath repeats `silent` so often while it lasts. */
  readonly silentMs: number
}

export const wireTiming: SessionTiming = {
  resendMs: [500, 1_500, 3_500],
  retryMs: [5_000, 6_000],
  spreadMs: 1_000,
  rekeyInitiatorMs: [110_000, 120_000],
  rekeyResponderMs: 135_000,
  rekeyQuietMs: 5_000,
  nextHoldMs: 4_000,
  lifetimeMs: 180_000,
  ownRawMs: 1_000,
  ownRekeyMs: 5_000,
  challengeMs: 120_000,
  cookieMs: 120_000,
  silentMs: 5_000,
}

/** As often a call may be in vain before it is made more seldom where it is paid for; and the longest pause between two. */
const patientMisses = 2
const firstThriftMs = 5_000
const mostThriftMs = 90_000

/** How long an uplink that is paid for rests after so many calls that nobody answered, one after the other. */
export function thriftMs(misses: number): number {
  if (misses < patientMisses) return 0
  return Math.min(firstThriftMs * 2 ** (misses - patientMisses), mostThriftMs)
}

/** What a rekey decision needs to know about `current`. */
export interface CurrentAge {
  readonly role: 'initiator' | 'responder'
  /** Since its installation. */
  readonly ageMs: number
  /** Since it became `current`. */
  readonly sinceChangeMs: number
  readonly isFirst: boolean
}

/** How long to wait before the rekey that is due by age. `chance` is random from [0, 1). */
export function rekeyDelayMs(current: CurrentAge, timing: SessionTiming, chance: number): number {
  const dueMs =
    current.role === 'initiator'
      ? between(timing.rekeyInitiatorMs, chance)
      : timing.rekeyResponderMs
  return Math.max(dueMs - current.ageMs, quietLeftMs(current, timing))
}

/** How long to wait before a rekey that is wanted at once. */
export function quietLeftMs(current: CurrentAge, timing: SessionTiming): number {
  return current.isFirst ? 0 : Math.max(0, timing.rekeyQuietMs - current.sinceChangeMs)
}

/**
 * What to do with the other end's initiation while an own one is under way (null: none). Of two that cross only
 * one may live: the end with the larger key always lets go of its own, and the other one, whose own may have
 * been lost, stops insisting on it after `ownMs`.
 */
export function onCrossing(
  ownAgeMs: number | null,
  ownMs: number,
  isSmaller: boolean,
): 'answer' | 'yield' | 'ignore' {
  if (ownAgeMs === null) return 'answer'
  if (!isSmaller) return 'yield'
  return ownAgeMs < ownMs ? 'ignore' : 'answer'
}

export function between([least, most]: readonly [number, number], chance: number): number {
  return least + chance * (most - least)
}

/** The first of each port before the others: a firewall may let out one port alone, and the second call is half a second later. */
export function callOrder<Place extends { readonly port: number }>(
  endpoints: readonly Place[],
): Place[] {
  const isFirst = ({ port }: Place, at: number): boolean =>
    endpoints.findIndex((one) => one.port === port) === at
  return [...endpoints.filter(isFirst), ...endpoints.filter((one, at) => !isFirst(one, at))]
}
