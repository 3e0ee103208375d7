/** Routes about who may use the controller: signing in and out, tenants, users, tokens, the log of who did what. */

import { TenantParams } from '../../model/controller-api.ts'
import {
  AuditAnswer,
  AuditParams,
  DoneAnswer,
  PasswordBody,
  SignInBody,
  TenantBody,
  TenantsAnswer,
  TokenAnswer,
  TokenBody,
  TokenParams,
  TokensAnswer,
  UserBody,
  UserParams,
  UsersAnswer,
  WhoAnswer,
} from '../../model/controller-api-access.ts'
import { CausewayError } from '../../model/errors.ts'
import type { Principal } from '../../model/user.ts'
import { requirePermission } from '../../plan/role.ts'
import { sourceKey } from '../../wire/ip.ts'
import { readAudit } from '../audit.ts'
import { addTenant, removeTenant, tenantsOf } from '../tenants.ts'
import { type ControllerRoute, type RouteParts, tenantOf, tenantUrl } from './controller-route.ts'

const signInMs = 12 * 3_600_000
const dayMs = 86_400_000
/** It must be allowed in the tenant of what is named in the body. */
const tenantOfBody = (body: unknown): string => (body as { readonly tenant: string }).tenant

export function accessRoutes(parts: RouteParts): ControllerRoute[] {
  return [
    ...signInRoutes(parts),
    ...tenantRoutes(parts),
    ...userRoutes(parts),
    ...tokenRoutes(parts),
  ]
}

function signInRoutes({ users, wallMs }: RouteParts): ControllerRoute[] {
  return [
    {
      ...{ method: 'POST', url: '/api/v1/sign-in', body: SignInBody, answer: TokenAnswer },
      summary: 'A name and a password for a token of twelve hours.',
      errors: ['API_UNAUTHENTICATED', 'API_RATE', 'API_BUSY'],
      needs: 'anybody',
      handle: async ({ body, address }) => {
        const { name, password } = body as SignInBody
        const expiresMs = Math.trunc(wallMs() + signInMs)
        const { token } = await users.openSession(name, password, sourceKey(address), expiresMs)
        return { body: { token, expiresMs } }
      },
    },
    {
      ...{ method: 'POST', url: '/api/v1/sign-out', answer: DoneAnswer },
      summary: 'Ends the token that asks.',
      needs: 'signed-in',
      handle: async ({ bearer }) => {
        await users.tokens.end(bearer!)
        return { body: {} }
      },
    },
    {
      ...{ method: 'GET', url: '/api/v1/who', answer: WhoAnswer },
      summary: 'Whose token asks, and what it may do.',
      needs: 'signed-in',
      handle: async (_, who) => ({ body: who }),
    },
  ]
}

function tenantRoutes({ store, users, wallMs }: RouteParts): ControllerRoute[] {
  return [
    {
      ...{ method: 'GET', url: '/api/v1/tenants', answer: TenantsAnswer },
      summary: 'The tenants that one may look into.',
      needs: 'fleet.read',
      tenantOf: 'own',
      handle: async (_, who) => {
        const all = await tenantsOf(store)
        const names = all.filter((name) => isWithin(who, name))
        return { body: { tenants: names.map((name) => ({ name })) } }
      },
    },
    {
      ...{ method: 'POST', url: '/api/v1/tenants', body: TenantBody, answer: TenantBody },
      summary: 'Makes a tenant: a network of its own, with documents and boxes of its own.',
      errors: ['STORE_CONFLICT'],
      needs: 'tenant.write',
      handle: async ({ body }, { name }) => {
        const made = (body as TenantBody).name
        await addTenant(store, name, made, wallMs())
        return { body: { name: made } }
      },
    },
    {
      ...{ method: 'POST', url: `${tenantUrl}/remove`, params: TenantParams, answer: TenantBody },
      summary: 'Takes a tenant away that has no boxes, users and tokens any more.',
      errors: ['STORE_NOT_EMPTY', 'STORE_CONFLICT'],
      needs: 'tenant.write',
      tenantOf: () => '*',
      handle: async (asked, { name }) => {
        const tenant = tenantOf(asked)
        await removeTenant({ store, users }, name, tenant, wallMs())
        return { body: { name: tenant } }
      },
    },
    {
      ...{ method: 'GET', url: `${tenantUrl}/audit/:after` },
      ...{ params: AuditParams, answer: AuditAnswer },
      summary: 'Who did what, from behind a number on, a thousand entries at most.',
      needs: 'audit.read',
      handle: async ({ params }) => {
        const { tenant, after } = params as { tenant: string; after: string }
        return { body: await readAudit(store, tenant, Number(after)) }
      },
    },
  ]
}

function userRoutes({ users }: RouteParts): ControllerRoute[] {
  return [
    {
      ...{ method: 'GET', url: '/api/v1/users', answer: UsersAnswer },
      summary: 'Who has a password here, of the tenants that one owns.',
      needs: 'user.read',
      tenantOf: 'own',
      handle: async (_, who) => {
        const all = await users.list()
        return { body: { users: all.filter(({ tenant }) => isWithin(who, tenant)) } }
      },
    },
    {
      ...{ method: 'POST', url: '/api/v1/users', body: UserBody, answer: DoneAnswer },
      summary: 'Makes a user.',
      errors: ['STORE_CONFLICT', 'API_BUSY'],
      needs: 'user.write',
      tenantOf: tenantOfBody,
      handle: async ({ body }, { name }) => {
        await users.add(name, body as UserBody)
        return { body: {} }
      },
    },
    {
      ...{ method: 'POST', url: '/api/v1/users/:name/remove', params: UserParams },
      answer: DoneAnswer,
      summary: 'Takes a user away; who is signed in by that name is out.',
      errors: ['API_LAST_OWNER'],
      needs: 'user.write',
      tenantOf: 'own',
      handle: async ({ params }, who) => {
        const { name } = params as { name: string }
        requirePermission(who, 'user.write', (await users.find(name)).tenant)
        await users.remove(who.name, name)
        return { body: {} }
      },
    },
    {
      ...{ method: 'POST', url: '/api/v1/users/:name/password', params: UserParams },
      ...{ body: PasswordBody, answer: DoneAnswer },
      summary:
        "A new password, for oneself by the old one, or by an owner; ends that user's sessions.",
      errors: ['API_BUSY', 'API_RATE'],
      needs: 'signed-in',
      handle: async ({ params, body, address }, who) => {
        const { name } = params as { name: string }
        const { password, old } = body as PasswordBody
        if (who.name === name) {
          if (old === undefined) {
            const message = 'who changes their own password says the old one'
            throw new CausewayError('API_INVALID', message, { path: '/old' })
          }
          await users.signIn(name, old, sourceKey(address))
        } else {
          requirePermission(who, 'user.write', who.tenant)
          requirePermission(who, 'user.write', (await users.find(name)).tenant)
        }
        await users.changePassword(who.name, name, password)
        return { body: {} }
      },
    },
  ]
}

function tokenRoutes({ users, wallMs }: RouteParts): ControllerRoute[] {
  return [
    {
      ...{ method: 'GET', url: '/api/v1/tokens', answer: TokensAnswer },
      summary: 'Tokens of the tenants that one owns: whose, until when; never the tokens.',
      needs: 'user.read',
      tenantOf: 'own',
      handle: async (_, who) => {
        const all = await users.tokens.list()
        return { body: { tokens: all.filter(({ tenant }) => isWithin(who, tenant)) } }
      },
    },
    {
      ...{ method: 'POST', url: '/api/v1/tokens', body: TokenBody, answer: TokenAnswer },
      summary: 'A token for a program. It is shown once.',
      errors: ['API_BUSY'],
      needs: 'user.write',
      tenantOf: tenantOfBody,
      handle: async ({ body }, { name }) => {
        const { label, tenant, role, days } = body as TokenBody
        const expiresMs = Math.trunc(wallMs() + days * dayMs)
        const token = await users.addToken(name, { label, tenant, role, expiresMs })
        return { body: { token, expiresMs } }
      },
    },
    {
      ...{ method: 'POST', url: '/api/v1/tokens/:id/revoke', params: TokenParams },
      answer: DoneAnswer,
      summary: 'Ends a token.',
      needs: 'user.write',
      tenantOf: 'own',
      handle: async ({ params }, who) => {
        const { id } = params as { id: string }
        await users.tokens.revoke(who.name, id, ({ tenant }) =>
          requirePermission(who, 'user.write', tenant),
        )
        return { body: {} }
      },
    },
  ]
}

/** What one of another tenant has no business to know of. */
function isWithin({ tenant }: Principal, other: string): boolean {
  return tenant === '*' || tenant === other
}
