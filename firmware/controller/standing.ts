/** Where a box may stand: at a site that there is a document of, that no other box has. And its move from one to another. */
import type { Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import type { FleetSite } from '../model/fleet.ts'
import { meantOf } from '../plan/fleet-documents.ts'
import { commitAudited } from './audit.ts'
import { type Claimant, type Edge, edgesOf } from './edges.ts'
import type { Fleets } from './fleets.ts'
import { edgeKey } from './keys.ts'
import { findEdge } from './release.ts'

export interface AskedSite {
  /** An id, or the first digits of one. */
  readonly device: string
  readonly site: string
  /** It is meant for a site that there is no document of yet. */
  readonly isAhead?: boolean
}

export interface Standing {
  readonly isSiteKnown: boolean
  /** Other boxes that stand there. */
  readonly others: readonly Edge[]
}

/** @throws FLEET_REFERENCE there is no document of the site; ZTP_SITE_TAKEN its document names another box */
export async function standingAt(
  fleets: Fleets,
  tenant: string,
  { device, site, isAhead = false }: AskedSite,
): Promise<Standing> {
  const { documents } = await fleets.read(tenant)
  const sites = documents.filter((one): one is FleetSite => one.kind === 'site')
  const document = sites.find(({ name }) => name === site)
  if (document === undefined && !isAhead) {
    const names = sites.map(({ name }) => name)
    const message = `there is no site '${site}'${meantOf(site, names)}`
    throw new CausewayError('FLEET_REFERENCE', message, { path: '/site' })
  }
  if (document?.edge !== undefined && !document.edge.startsWith(device)) {
    const message = `the document of ${site} names another box: change its \`edge\`, or leave it out`
    throw new CausewayError('ZTP_SITE_TAKEN', message, { path: '/site' })
  }
  const others = (await edgesOf(fleets.store, tenant)).filter(
    (one) => one.site === site && !one.deviceId.startsWith(device),
  )
  return { isSiteKnown: document !== undefined, others }
}

/** @throws ZTP_SITE_TAKEN */
export function refuseTaken([there]: readonly Edge[], site: string): void {
  if (there === undefined) return
  const message = `the box ${there.deviceId.slice(0, 8)} stands at ${site}: release it first, or replace it`
  throw new CausewayError('ZTP_SITE_TAKEN', message, { path: '/site' })
}

/**
 * A tenant's own box stands at another site from now on; it keeps its owner and its certificate.
 * @throws as `standingAt`, `findEdge`; ZTP_SITE_TAKEN; STORE_CONFLICT somebody changed it meanwhile
 */
export async function moveEdge(
  fleets: Fleets,
  by: Claimant,
  asked: AskedSite,
  nowMs: number,
): Promise<Edge> {
  const store: Store = fleets.store
  const { edge, revision } = await findEdge(store, by.tenant, asked.device)
  const { site } = asked
  const { others, isSiteKnown } = await standingAt(fleets, by.tenant, {
    ...asked,
    device: edge.deviceId,
  })
  refuseTaken(others, site)
  const { documents } = await fleets.read(by.tenant)
  const named = documents.find((one) => one.kind === 'site' && one.edge === edge.deviceId)
  if (named !== undefined && named.name !== site) {
    const message = `the document of ${named.name} names this box: change its \`edge\`, or leave it out`
    throw new CausewayError('ZTP_SITE_TAKEN', message, { path: '/device' })
  }
  const key = edgeKey(edge.deviceId)
  const moved: Edge = { ...edge, site, claimedAt: new Date(nowMs).toISOString() }
  const event = { who: by.who, what: 'edge.move', target: `device/${edge.deviceId}`, code: null }
  const detail = `from ${edge.site} to ${site}${isSiteKnown ? '' : ', ahead'}`
  const changes = [{ key, value: JSON.stringify(moved) }]
  const commit = { conditions: [{ key, revision }], changes }
  await commitAudited(store, by.tenant, { ...event, detail }, commit, nowMs)
  return edge
}
