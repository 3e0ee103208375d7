/** Routes about boxes: those of a tenant, those that wait to be claimed, the claim, the move, the release. */

import { noChange } from '../../host/store/store.ts'
import {
  ClaimAnswer,
  ClaimBody,
  EdgeAnswer,
  MoveAnswer,
  MoveBody,
  ReleaseAnswer,
  ReleaseBody,
  TenantParams,
  UnlockAnswer,
  UnlockBody,
  WaitingAnswer,
} from '../../model/controller-api.ts'
import { CausewayError } from '../../model/errors.ts'
import { claimMs } from '../../plan/claim.ts'
import { appliedRecords } from '../applied.ts'
import type { AttachedStatus } from '../attached.ts'
import { commitAudited } from '../audit.ts'
import { type KeptClaim, listClaims, unlockClaim } from '../claims.ts'
import { type Claimant, edgesOf } from '../edges.ts'
import { type Released, releaseEdge } from '../release.ts'
import { moveEdge, refuseTaken, standingAt } from '../standing.ts'
import { type ControllerRoute, type RouteParts, tenantOf, tenantUrl } from './controller-route.ts'

const wholeId = /^[0-9a-f]{64}$/
const wholeDigits = 64
/** Boxes that wait may be anybody's: by so much a tenant finds its own among them, and takes none, for a claim without a code needs the rest. */
const shownDigits = 8

export function edgeRoutes(parts: RouteParts): ControllerRoute[] {
  const { store, wallMs } = parts
  return [
    {
      ...{ method: 'GET', url: `${tenantUrl}/edges`, params: TenantParams, answer: EdgeAnswer },
      summary: 'All boxes of a tenant, and how far each follows.',
      needs: 'fleet.read',
      handle: async (asked) => ({
        body: { edges: await statusesOf(parts, tenantOf(asked)) },
      }),
    },
    {
      ...{ method: 'GET', url: '/api/v1/waiting', answer: WaitingAnswer },
      summary: 'Blank boxes that have called and that nobody owns yet, without their codes.',
      needs: 'fleet.read',
      tenantOf: 'own',
      handle: async (_asked, { tenant }) => {
        const up = new Set(parts.links.attached.map(({ deviceId }) => deviceId))
        const claims = (await listClaims(store)).filter(({ deviceId }) => !up.has(deviceId))
        const digits = tenant === '*' ? wholeDigits : shownDigits
        return { body: { devices: claims.flatMap((one) => waitingOf(one, digits, wallMs())) } }
      },
    },
    {
      ...{ method: 'POST', url: `${tenantUrl}/claims`, params: TenantParams },
      ...{ body: ClaimBody, answer: ClaimAnswer },
      summary:
        "Claims a box for a site: by the code that it shows, or ahead, where it has the owner's root.",
      errors: [
        ...(['ZTP_CODE_WRONG', 'ZTP_CODE_EXPIRED', 'ZTP_LOCKED', 'ZTP_VOUCHER_FOREIGN'] as const),
        ...(['ZTP_CODE_NEEDED', 'ZTP_SITE_TAKEN', 'FLEET_REFERENCE'] as const),
      ],
      needs: 'edge.claim',
      handle: async (asked, { name, tenant }) => {
        const by = { who: name, tenant: tenantOf(asked), isOfAll: tenant === '*' }
        return { body: await claim(parts, by, asked.body as ClaimBody) }
      },
    },
    {
      ...{ method: 'POST', url: `${tenantUrl}/moves`, params: TenantParams },
      ...{ body: MoveBody, answer: MoveAnswer },
      summary: 'Has a box of the tenant stand at another site; it stays its own.',
      errors: ['FLEET_REFERENCE', 'ZTP_SITE_TAKEN', 'STORE_CONFLICT'],
      needs: 'edge.claim',
      handle: async (asked, { name }) => {
        const by = { who: name, tenant: tenantOf(asked) }
        const body = asked.body as MoveBody
        const { deviceId, site } = await moveEdge(parts.fleets, by, body, wallMs())
        return { body: { deviceId, from: site, site: body.site } }
      },
    },
    {
      ...{ method: 'POST', url: '/api/v1/unlocks', body: UnlockBody, answer: UnlockAnswer },
      summary: 'Lets a box be claimed again that was locked by wrong codes.',
      needs: 'edge.unlock',
      handle: async ({ body }, { name }) => {
        const { device } = body as UnlockBody
        return { body: { deviceId: await unlockClaim(store, name, device, wallMs()) } }
      },
    },
    {
      ...{ method: 'POST', url: `${tenantUrl}/releases`, params: TenantParams },
      ...{ body: ReleaseBody, answer: ReleaseAnswer },
      summary: 'Lets a box go: it may be claimed by anybody, and is told so when it calls.',
      errors: ['STORE_CONFLICT'],
      needs: 'edge.release',
      handle: async (asked, { name }) => {
        const by = { who: name, tenant: tenantOf(asked) }
        const { device } = asked.body as ReleaseBody
        return { body: answerOf(await release(parts, by, device)) }
      },
    },
  ]
}

interface Claiming extends Claimant {
  /** Who may do so in all tenants sees whole ids, and need not type them. */
  readonly isOfAll: boolean
}

/** @throws what `EnrolDesk.claim` does; FLEET_REFERENCE, ZTP_SITE_TAKEN, ZTP_CODE_NEEDED */
async function claim(parts: RouteParts, by: Claiming, body: ClaimBody): Promise<ClaimAnswer> {
  const { code, site, isReplacement = false } = body
  if (!by.isOfAll) await refuseWithoutCode(parts, by, body)
  const { others, isSiteKnown } = await standingAt(parts.fleets, by.tenant, body)
  if (!isReplacement) refuseTaken(others, site)
  const deviceId = await claimed(parts, by, body)
  if (code === undefined) await parts.enrol.list(by, deviceId, site)
  const released: Released[] = []
  for (const { deviceId: other } of others) released.push(await release(parts, by, other))
  return { deviceId, isSiteKnown, released: released.map(answerOf) }
}

/** By the beginning of its id alone a box is not anybody's: boxes that wait are seen by all tenants. @throws ZTP_CODE_NEEDED */
async function refuseWithoutCode(
  { store, wallMs }: RouteParts,
  { who, tenant }: Claimant,
  { device, code: typed }: ClaimBody,
): Promise<void> {
  if (typed !== undefined || wholeId.test(device)) return
  const code = 'ZTP_CODE_NEEDED'
  const event = { who, what: 'edge.claim', target: `device/${device}`, code }
  await commitAudited(store, tenant, event, noChange, wallMs())
  const message = 'type the code that it shows, or the whole id of a box that has your root'
  throw new CausewayError(code, message, { path: '/code' })
}

/** By code it is claimed now; without, which one is meant. */
async function claimed(
  { store, enrol }: RouteParts,
  by: Claimant,
  { device, code, site }: ClaimBody,
): Promise<string> {
  if (code !== undefined) return enrol.claim(by, device, code, site)
  if (wholeId.test(device)) return device
  const calls = (await listClaims(store)).filter(({ deviceId }) => deviceId.startsWith(device))
  if (calls.length === 1) return calls[0]!.deviceId
  const message = `${calls.length} boxes that begin with ${device} have called: give the whole id`
  throw new CausewayError('API_INVALID', message, { path: '/device' })
}

async function release(
  { store, owner, links, wallMs }: RouteParts,
  by: Claimant,
  device: string,
): Promise<Released> {
  const released = await releaseEdge(store, owner.authority, by, device, wallMs())
  await links.release(released.deviceId)
  return released
}

function answerOf({ deviceId, site, release: word }: Released): ReleaseAnswer {
  return { deviceId, site, release: word }
}

/** None where it is over. @param digits of its id that are shown */
function waitingOf(
  one: KeptClaim,
  digits: number,
  nowMs: number,
): WaitingAnswer['devices'][number][] {
  const deviceId = one.deviceId.slice(0, digits)
  const { keeping, offeredMs, tries, lockedUntilMs } = one
  const isLocked = lockedUntilMs > nowMs
  const untilMs = isLocked ? lockedUntilMs : offeredMs + claimMs
  if (untilMs <= nowMs) return []
  const states = { offered: 'calls', opened: 'shows-code', claimed: 'claimed' } as const
  const state = isLocked ? 'locked' : states[one.state]
  return [{ deviceId, keeping, until: new Date(untilMs).toISOString(), state, wrongCodes: tries }]
}

function healthOf(up: AttachedStatus | undefined): EdgeAnswer['edges'][number]['health'] {
  if (up === undefined || up.report === null) return null
  const { isHealthy, problems, peersUp, peers } = up.report
  return { isHealthy, problems, peersUp, peers, sinceMs: Math.trunc(up.healthAgeMs) }
}

async function statusesOf(
  { store, fleets, links, book }: RouteParts,
  tenant: string,
): Promise<EdgeAnswer['edges']> {
  const attached = new Map(links.attached.map((one) => [one.deviceId, one]))
  const applied = await appliedRecords(store)
  const { documents } = await fleets.read(tenant)
  const sites = documents.filter((one) => one.kind === 'site')
  const names = new Set(sites.map(({ name }) => name))
  const boxes = new Set(sites.map(({ edge }) => edge))
  const edges = await edgesOf(store, tenant)
  // All at once: one after the other would be as many turns of the event loop, when it has most to do.
  const published = await Promise.all(edges.map(({ deviceId }) => book.revisionOf(store, deviceId)))
  return edges.map(({ deviceId, site }, at) => {
    const said = applied.get(deviceId)
    const up = attached.get(deviceId)
    const refusal =
      said?.code === undefined ? null : { code: said.code, message: said.message ?? '' }
    return {
      ...{ deviceId, site, isUp: up !== undefined, firmware: up?.firmware ?? '', refusal },
      health: healthOf(up),
      isPlaced: names.has(site) || boxes.has(deviceId),
      published: published[at]!,
      runs: refusal === null ? (said?.revision ?? 0) : (up?.revision ?? 0),
    }
  })
}
