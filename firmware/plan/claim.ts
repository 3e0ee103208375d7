/**
 * A device that asks a controller for an owner, as the controller has it: offered, opened, claimed by somebody who read its
 * code, or locked after wrong ones. Pure: a state, an event, the state after it. Whoever keeps it writes it down before it
 * answers. zero-touch.md, steps 4 and 5.
 */
import { CausewayError } from '../model/errors.ts'

/** A code is good for so long. */
export const claimMs = 15 * 60_000
/** Wrong codes for one device. */
export const mostTries = 5
/** A device that was guessed at cannot be claimed for so long, by any code. */
export const lockMs = 60 * 60_000

export interface Claim {
  readonly deviceId: string
  /** Of the device, as lower-case hex: what it has not shown yet. */
  readonly commitment: string
  /** Of the controller, in hex. */
  readonly controllerNonce: string
  /** The device's nonce, which a voucher repeats. */
  readonly nonce: string
  readonly offeredMs: number
  readonly state: 'offered' | 'opened' | 'claimed'
  /** Null before it is opened. */
  readonly code: string | null
  /** Of the site that it was claimed for; null before. */
  readonly site: string | null
  readonly tries: number
  /** Of people of other tenants than the one that wants it already: they lock it for themselves alone. None: none. */
  readonly foreignTries?: number
  /** 0: it is not. */
  readonly lockedUntilMs: number
}

export type ClaimOffer = Pick<Claim, 'deviceId' | 'commitment' | 'controllerNonce' | 'nonce'>

/**
 * The device asks, or asks anew. Wrong tries stay: asking anew is no way around the lock.
 * @param isOwned somebody has it already: it may need no code, and is not kept out by a lock of its codes, which stays
 * @throws ZTP_LOCKED
 */
export function offerClaim(
  before: Claim | null,
  offer: ClaimOffer,
  nowMs: number,
  isOwned = false,
): Claim {
  if (before !== null && !isOwned) refuseLocked(before, nowMs)
  const isLocked = before !== null && before.lockedUntilMs > nowMs
  const isLockOver = before !== null && before.lockedUntilMs > 0 && !isLocked
  const tries = before === null || isLockOver ? 0 : before.tries
  return {
    ...offer,
    offeredMs: nowMs,
    state: 'offered',
    code: null,
    site: null,
    tries,
    lockedUntilMs: isLocked ? before.lockedUntilMs : 0,
  }
}

/** The device has shown its secret, which fits its commitment. Again: nothing changes. @throws ZTP_CODE_EXPIRED */
export function openClaim(claim: Claim, code: string, nowMs: number): Claim {
  refuseExpired(claim, nowMs)
  return claim.state === 'offered' ? { ...claim, state: 'opened', code } : claim
}

export interface ClaimTry {
  readonly claim: Claim
  /** What the person is told instead; null: it is claimed. */
  readonly refusal: CausewayError | null
}

/** Somebody types a code, where another tenant wants the device already. @returns null: it is the right one; else the claim after the try */
export function tryForeign<Kept extends Claim>(claim: Kept, typed: string | null): Kept | null {
  const { code, foreignTries = 0 } = claim
  if (code === null || foreignTries >= mostTries) return claim
  return typed === code ? null : { ...claim, foreignTries: foreignTries + 1 }
}

/** Somebody types a code. Wrong ones count, whoever types them. */
export function tryClaim(
  claim: Claim,
  typed: string | null,
  site: string,
  nowMs: number,
): ClaimTry {
  if (claim.lockedUntilMs > nowMs) return { claim, refusal: locked(claim, nowMs) }
  if (claim.code === null || claim.state === 'claimed' || isExpired(claim, nowMs)) {
    return { claim, refusal: expired() }
  }
  if (typed === claim.code) return { claim: { ...claim, state: 'claimed', site }, refusal: null }
  const tries = claim.tries + 1
  if (tries < mostTries) {
    const left = mostTries - tries
    const message = `this is not the code on the device's page; ${left} more ${left === 1 ? 'try' : 'tries'}`
    return { claim: { ...claim, tries }, refusal: new CausewayError('ZTP_CODE_WRONG', message) }
  }
  const shut: Claim = {
    ...claim,
    tries,
    state: 'offered',
    code: null,
    lockedUntilMs: nowMs + lockMs,
  }
  return { claim: shut, refusal: locked(shut, nowMs) }
}

/** Whether its voucher may be handed out. A claim is used up by the time that is over. */
export function isClaimed({ state, offeredMs }: Claim, nowMs: number): boolean {
  return state === 'claimed' && nowMs < offeredMs + 2 * claimMs
}

function isExpired({ offeredMs }: Claim, nowMs: number): boolean {
  return nowMs >= offeredMs + claimMs
}

function refuseExpired(claim: Claim, nowMs: number): void {
  if (isExpired(claim, nowMs)) throw expired()
}

/** @throws ZTP_LOCKED */
export function refuseLocked(claim: Claim, nowMs: number): void {
  if (claim.lockedUntilMs > nowMs) throw locked(claim, nowMs)
}

function expired(): CausewayError {
  const message = 'the device shows no such code, or no longer: read the one that it shows now'
  return new CausewayError('ZTP_CODE_EXPIRED', message)
}

function locked({ lockedUntilMs }: Claim, nowMs: number): CausewayError {
  const minutes = Math.ceil((lockedUntilMs - nowMs) / 60_000)
  const until = new Date(lockedUntilMs).toISOString().slice(11, 16)
  const message = `${mostTries} wrong codes were typed: this device cannot be claimed for ${minutes} minutes, until ${until} UTC`
  return new CausewayError('ZTP_LOCKED', message)
}
