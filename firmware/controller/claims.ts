/** Devices that ask to be owned, in the store under `claim/ID`: what plan/claim.ts decides about, and their keys. Bounded. */
import type { Change, Commit, Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import type { KeyKeeping } from '../model/ztp.ts'
import { type Claim, claimMs } from '../plan/claim.ts'

export interface KeptClaim extends Claim {
  /** SubjectPublicKeyInfo, base64. */
  readonly publicKey: string
  readonly keeping: KeyKeeping
}

export interface FoundClaim {
  readonly claim: KeptClaim
  readonly revision: number
}

/** Devices that wait; more are told to come again. */
const mostClaims = 1_000
const mostRemoved = 100
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
  const { entries } = await store.range({ prefix: claimKey(''), limit: mostClaims })
  return entries.map(({ value }) => JSON.parse(value) as KeptClaim)
}

/** @param revision of the one before; 0: there is none @throws STORE_CONFLICT; ZTP_BUSY too many wait, and none is over */
export async function writeClaim(
  store: Store,
  claim: KeptClaim,
  revision: number,
  nowMs: number,
): Promise<void> {
  if (revision === 0) await makeRoom(store, nowMs)
  await store.commit(claimCommit({ claim, revision }))
}

/** What changes a claim, where nobody has changed it since it was found. */
export function claimCommit({ claim, revision }: FoundClaim): Commit {
  const change = claimChange(claim)
  return { conditions: [{ key: change.key, revision }], changes: [change] }
}

export function claimChange(claim: KeptClaim): Change {
  return { key: claimKey(claim.deviceId), value: JSON.stringify(claim) }
}

async function makeRoom(store: Store, nowMs: number): Promise<void> {
  const { entries } = await store.range({ prefix: claimKey(''), limit: mostClaims })
  if (entries.length < mostClaims) return
  const isOver = ({ offeredMs, lockedUntilMs }: Claim): boolean =>
    nowMs > offeredMs + 2 * claimMs && nowMs > lockedUntilMs
  const over = entries.filter(({ value }) => isOver(JSON.parse(value) as Claim))
  if (over.length === 0) throw new CausewayError('ZTP_BUSY', 'too many devices wait to be claimed')
  const changes = over.slice(0, mostRemoved).map(({ key }) => ({ key, value: null }))
  await store.commit({ conditions: [], changes })
}

function claimKey(deviceId: string): string {
  return `claim/${deviceId}`
}
