/**
 * A box leaves its owner: what is known of it goes, its certificate is no longer taken, and the owner signs that it may be
 * anybody's. That word is kept under `released/ID` and told to the box when it calls (link-desk.ts), until it is claimed again.
 */
import { type Authority, fingerprintOf } from '../host/pki/certificate.ts'
import { type Change, mostPage, type Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import type { Release } from '../model/voucher.ts'
import { signJws } from '../wire/jws.ts'
import { commitAudited } from './audit.ts'
import type { Claimant, Edge, FoundEdge } from './edges.ts'
import { appliedKey, claimKey, edgeKey, publishedKey, releasedKey } from './keys.ts'
import { keyLeft } from './wire-keys.ts'

export interface Released {
  readonly deviceId: string
  readonly tenant: string
  readonly site: string
  /** JWS of a `Release`. */
  readonly release: string
}

/** @param device an id, or the first digits of one @throws API_NOT_FOUND it is none of this tenant's; API_INVALID it could be several */
export async function findEdge(store: Store, tenant: string, device: string): Promise<FoundEdge> {
  const { entries } = await store.range({ prefix: edgeKey(device), limit: mostPage })
  const found = entries
    .map(({ value, revision }) => ({ edge: JSON.parse(value) as Edge, revision }))
    .filter(({ edge }) => edge.tenant === tenant)
  const [first, ...others] = found
  if (first === undefined) throw new CausewayError('API_NOT_FOUND', `there is no box ${device}`)
  if (others.length === 0) return first
  const message = `${found.length} boxes begin with ${device}: write more of it`
  throw new CausewayError('API_INVALID', message, { path: '/device' })
}

/** @throws API_NOT_FOUND, API_INVALID; STORE_CONFLICT somebody changed it meanwhile */
export async function releaseEdge(
  store: Store,
  authority: Authority,
  by: Claimant,
  device: string,
  nowMs: number,
): Promise<Released> {
  const { edge, revision } = await findEdge(store, by.tenant, device)
  const { deviceId, site, tenant } = edge
  const said: Release = {
    ...{ version: 1, deviceId },
    ...{ ownerPin: fingerprintOf(authority.certificate), issuedMs: Math.trunc(nowMs) },
  }
  const release = await signJws('causeway-release', said, authority.privateKey)
  const released: Released = { deviceId, tenant, site, release }
  const gone = [edgeKey, claimKey, publishedKey, appliedKey].map((keyOf) => keyOf(deviceId))
  const changes: Change[] = [
    ...gone.map((key) => ({ key, value: null })),
    ...(edge.wireKey === null ? [] : await keyLeft(store, deviceId, edge.wireKey)),
    { key: releasedKey(deviceId), value: JSON.stringify(released) },
  ]
  const event = { who: by.who, what: 'edge.release', target: `device/${deviceId}`, code: null }
  const told = { ...event, detail: `of ${site}` }
  const commit = { conditions: [{ key: edgeKey(deviceId), revision }], changes }
  await commitAudited(store, tenant, told, commit, nowMs)
  return released
}

/** The word of the owner, while nobody has claimed the box since; null: it was never released. */
export async function readReleased(store: Store, deviceId: string): Promise<Released | null> {
  const entry = await store.get(releasedKey(deviceId))
  return entry === null ? null : (JSON.parse(entry.value) as Released)
}
