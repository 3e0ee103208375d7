/** Devices that ask to be owned, in the store under `claim/ID`: what plan/claim.ts decides about, and their keys. claim-room.ts bounds them. */
import { entriesBelow } from '../host/store/entries-below.ts'
import { type Change, type Commit, noChange, type Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import type { KeyKeeping } from '../model/ztp.ts'
import { type Claim, tryForeign } from '../plan/claim.ts'
import { commitAudited, systemTenant } from './audit.ts'
import { claimKey } from './keys.ts'

export interface KeptClaim extends Claim {
  /** SubjectPublicKeyInfo, base64. */
  readonly publicKey: string
  readonly keeping: KeyKeeping
  /** Where it asked from, in whose room it waits; null: a tenant has it, and it needs none. */
  readonly source: string | null
}

export interface FoundClaim {
  readonly claim: KeptClaim
  readonly revision: number
}

/** So much of an id names a device, as its page shows it. */
const shortId = /^[0-9a-f]{8,64}$/

export async function readClaim(store: Store, deviceId: string): Promise<FoundClaim | null> {
  const entry = await store.get(claimKey(deviceId))
  return entry === null
    ? null
    : { claim: JSON.parse(entry.value) as KeptClaim, revision: entry.revision }
}

/** By an id or the beginning of one, where that is one device's alone. */
export async function findClaim(store: Store, device: string): Promise<FoundClaim | null> {
  if (!shortId.test(device)) return null
  const { entries } = await store.range({ prefix: claimKey(device), limit: 2 })
  const [first] = entries
  if (first === undefined || entries.length > 1) return null
  return { claim: JSON.parse(first.value) as KeptClaim, revision: first.revision }
}

/** All that wait, claimed ones and those that are over included. */
export async function listClaims(store: Store): Promise<KeptClaim[]> {
  const found: KeptClaim[] = []
  for await (const { value } of entriesBelow(store, claimKey(''))) {
    found.push(JSON.parse(value) as KeptClaim)
  }
  return found
}

/** Its codes are good again; wrong ones are forgotten. @throws API_NOT_FOUND no such device asks, or several; STORE_CONFLICT */
export async function unlockClaim(
  store: Store,
  who: string,
  device: string,
  nowMs: number,
): Promise<string> {
  const found = await findClaim(store, device)
  if (found === null) throw new CausewayError('API_NOT_FOUND', `no one box ${device} asks`)
  const { deviceId } = found.claim
  const claim = { ...found.claim, tries: 0, lockedUntilMs: 0 }
  const event = { who, what: 'edge.unlock', target: `device/${deviceId}`, code: null }
  await commitAudited(store, systemTenant, event, claimCommit({ ...found, claim }), nowMs)
  return deviceId
}

/** In the place of the one that had this revision; 0: there was none. @throws STORE_CONFLICT somebody was faster */
export async function writeClaim(store: Store, found: FoundClaim): Promise<void> {
  await store.commit(claimCommit(found))
}

/** It was found so, and gives way to another. @throws STORE_CONFLICT */
export async function removeClaim(store: Store, { claim, revision }: FoundClaim): Promise<void> {
  const key = claimKey(claim.deviceId)
  await store.commit({ conditions: [{ key, revision }], changes: [{ key, value: null }] })
}

/** What changes a claim, where nobody has changed it since it was found. */
export function claimCommit({ claim, revision }: FoundClaim): Commit {
  const change = claimChange(claim)
  return { conditions: [{ key: change.key, revision }], changes: [change] }
}

/**
 * Somebody types the code of a device that another tenant has, or merely wants: then its code is the way to it.
 * @returns null: it is the right one; else what is to be committed with the refusal
 */
export function tryTheirs(
  { claim, revision }: FoundClaim,
  { wireKey }: { readonly wireKey: string | null },
  typed: string | null,
): Commit | null {
  if (wireKey !== null) return noChange
  const tried = tryForeign(claim, typed)
  return tried === null ? null : claimCommit({ claim: tried, revision })
}

export function claimChange(claim: KeptClaim): Change {
  return { key: claimKey(claim.deviceId), value: JSON.stringify(claim) }
}
