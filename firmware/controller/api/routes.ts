/** The routes for people and their programs: what each takes, tells and needs. Who asks is known by the time that one is entered. */
import type { Asked, Route } from '../../host/api/route.ts'
import { mostPage, type Store } from '../../host/store/store.ts'
import {
  AuditAnswer,
  AuditParams,
  ClaimAnswer,
  ClaimBody,
  EdgeAnswer,
  FleetAnswer,
  FleetBody,
  FleetChange,
  fleetBodyBytes,
  SignInBody,
  TenantParams,
  TokenAnswer,
  TokenBody,
} from '../../model/controller-api.ts'
import type { Permission, Principal } from '../../model/user.ts'
import { readAudit } from '../audit.ts'
import { applyChange, planChange } from '../change.ts'
import type { Edge } from '../edges.ts'
import type { EnrolDesk } from '../enrol.ts'
import { type Published, readFleet } from '../fleet.ts'
import type { LinkDesk } from '../link-desk.ts'
import type { Publisher } from '../publisher.ts'
import type { Users } from '../users.ts'

export interface RouteParts {
  readonly store: Store
  readonly users: Users
  readonly enrol: EnrolDesk
  readonly links: LinkDesk
  readonly publisher: Publisher
  readonly wallMs: () => number
}

/** Null: whoever asks; only to become known. */
export interface ControllerRoute extends Omit<Route, 'handle'> {
  readonly permission: Permission | null
  readonly handle: (asked: Asked, who: Principal) => Promise<{ readonly body: unknown }>
}

const signInMs = 12 * 3_600_000
const dayMs = 86_400_000
const tenantUrl = '/api/v1/tenants/:tenant'
/** A plan of a thousand sites takes its time. */
const planMs = 60_000

export function routesOf(parts: RouteParts): ControllerRoute[] {
  return [...fleetRoutes(parts), ...edgeRoutes(parts), ...accessRoutes(parts)]
}

function fleetRoutes({ store, publisher, wallMs }: RouteParts): ControllerRoute[] {
  const fleet = {
    params: TenantParams,
    body: FleetBody,
    bodyMaxBytes: fleetBodyBytes,
    answerMs: planMs,
  }
  return [
    {
      ...{ method: 'GET', url: `${tenantUrl}/fleet`, params: TenantParams, answer: FleetAnswer },
      summary: 'All documents of a tenant, and what is wrong with them.',
      permission: 'fleet.read',
      handle: async ({ params }) => {
        const { tenant } = params as { tenant: string }
        const { documents } = await readFleet(store, tenant)
        return { body: { documents, problems: publisher.problemsOf(tenant) } }
      },
    },
    {
      ...{ method: 'POST', url: `${tenantUrl}/plan`, ...fleet, answer: FleetChange },
      summary: 'What documents would change: nothing is done.',
      permission: 'fleet.read',
      handle: async ({ params, body }) => {
        const { tenant } = params as { tenant: string }
        return { body: await planChange(store, tenant, body as FleetBody) }
      },
    },
    {
      ...{ method: 'POST', url: `${tenantUrl}/apply`, ...fleet, answer: FleetChange },
      summary: 'Takes documents as they are; refused if they bring a problem.',
      permission: 'fleet.write',
      handle: async ({ params, body }, { name }) => {
        const { tenant } = params as { tenant: string }
        return { body: await applyChange(store, tenant, body as FleetBody, name, wallMs()) }
      },
    },
  ]
}

function edgeRoutes({ store, enrol, links }: RouteParts): ControllerRoute[] {
  return [
    {
      ...{ method: 'GET', url: `${tenantUrl}/edges`, params: TenantParams, answer: EdgeAnswer },
      summary: 'All boxes of a tenant, and how far each follows.',
      permission: 'fleet.read',
      handle: async ({ params }) => {
        const { tenant } = params as { tenant: string }
        return { body: { edges: await edgesOf(store, links, tenant) } }
      },
    },
    {
      ...{ method: 'POST', url: `${tenantUrl}/claims`, params: TenantParams },
      ...{ body: ClaimBody, answer: ClaimAnswer },
      summary:
        "Claims a box for a site: by the code that it shows, or ahead, where it has the owner's root.",
      errors: ['ZTP_CODE_WRONG', 'ZTP_CODE_EXPIRED', 'ZTP_LOCKED', 'ZTP_VOUCHER_FOREIGN'],
      permission: 'edge.claim',
      handle: async ({ params, body }, { name }) => {
        const by = { who: name, tenant: (params as { tenant: string }).tenant }
        const { device, code, site } = body as ClaimBody
        if (code !== undefined)
          return { body: { deviceId: await enrol.claim(by, device, code, site) } }
        await enrol.list(by, device, site)
        return { body: { deviceId: device } }
      },
    },
  ]
}

function accessRoutes({ store, users, wallMs }: RouteParts): ControllerRoute[] {
  return [
    {
      ...{ method: 'POST', url: '/api/v1/sign-in', body: SignInBody, answer: TokenAnswer },
      summary: 'A name and a password for a token of twelve hours.',
      errors: ['API_UNAUTHENTICATED', 'API_BUSY'],
      permission: null,
      handle: async ({ body }) => {
        const { name, password } = body as SignInBody
        const { tenant, role } = await users.signIn(name, password)
        const expiresMs = Math.trunc(wallMs() + signInMs)
        const token = await users.addToken(name, { label: name, tenant, role, expiresMs })
        return { body: { token, expiresMs } }
      },
    },
    {
      ...{ method: 'POST', url: '/api/v1/tokens', body: TokenBody, answer: TokenAnswer },
      summary: 'A token for a program. It is shown once.',
      permission: 'user.write',
      handle: async ({ body }, { name }) => {
        const { label, tenant, role, days } = body as TokenBody
        const expiresMs = Math.trunc(wallMs() + days * dayMs)
        return {
          body: {
            token: await users.addToken(name, { label, tenant, role, expiresMs }),
            expiresMs,
          },
        }
      },
    },
    {
      ...{
        method: 'GET',
        url: `${tenantUrl}/audit/:after`,
        params: AuditParams,
        answer: AuditAnswer,
      },
      summary: 'Who did what, from behind a number on, a thousand entries at most.',
      permission: 'audit.read',
      handle: async ({ params }) => {
        const { tenant, after } = params as { tenant: string; after: string }
        return { body: { entries: await readAudit(store, tenant, Number(after)) } }
      },
    },
  ]
}

interface AppliedRecord {
  readonly revision: number
  readonly code?: string
  readonly message?: string
}

async function edgesOf(store: Store, links: LinkDesk, tenant: string) {
  const attached = new Map(links.attached.map((one) => [one.deviceId, one]))
  const edges = []
  for (let after: string | undefined; ; ) {
    const page = await store.range({
      prefix: 'edge/',
      limit: mostPage,
      ...(after === undefined ? {} : { after }),
    })
    for (const { value } of page.entries) {
      const { deviceId, site, tenant: owner } = JSON.parse(value) as Edge
      if (owner !== tenant) continue
      const [published, applied] = await Promise.all([
        store.get(`config/${deviceId}`),
        store.get(`applied/${deviceId}`),
      ])
      const said = applied === null ? null : (JSON.parse(applied.value) as AppliedRecord)
      const up = attached.get(deviceId)
      const refusal =
        said?.code === undefined ? null : { code: said.code, message: said.message ?? '' }
      edges.push({
        ...{ deviceId, site, isUp: up !== undefined, firmware: up?.firmware ?? '', refusal },
        published: published === null ? 0 : (JSON.parse(published.value) as Published).revision,
        runs: refusal === null ? (said?.revision ?? 0) : (up?.revision ?? 0),
      })
    }
    if (!page.hasMore) return edges
    after = page.entries.at(-1)!.key
  }
}
