/** The routes about who may use the box: signing in and out, the first password, sessions, the log of who did what. */
import type { Asked } from '../../host/api/route.ts'
import { CausewayError } from '../../model/errors.ts'
import {
  DoneAnswer,
  FirstPassword,
  IdParams,
  LocalAuditAnswer,
  LocalAuditParams,
  Refresh,
  SessionState,
  SetupCodeAnswer,
  SignedInAnswer,
  SignIn,
  sessionCookie,
} from '../../model/local-api-access.ts'
import type { LocalPrincipal } from '../../model/local-user.ts'
import { secretAnswerMs } from '../../model/upkeep-limits.ts'
import type { Access } from '../access/access.ts'
import { placeOf, sourceOf } from '../access/source.ts'
import type { KeptUser } from '../access/users.ts'
import type { LocalRoute } from './local-route.ts'
import { userRoutes } from './user-routes.ts'

export interface AccessRouteParts {
  readonly access: Access
  /** Nobody has set it up: no owner, no configuration of its own. */
  readonly isBlank: () => boolean
  /** Anybody may see how the box is (`api.lan: status`). */
  readonly isStatusOpen: () => boolean
  readonly site: () => string | null
}

const bodyMaxBytes = 4 * 1024
const answerMs = secretAnswerMs
const passwordErrors = ['API_UNAUTHENTICATED', 'API_RATE', 'API_BUSY', 'API_NOT_READY'] as const

export function accessRoutes(parts: AccessRouteParts): readonly LocalRoute[] {
  return [...signInRoutes(parts), ...userRoutes(parts.access), ...sessionRoutes(parts.access)]
}

function signInRoutes(parts: AccessRouteParts): LocalRoute[] {
  const { access } = parts
  return [
    {
      method: 'GET',
      url: '/api/v1/session',
      needs: 'anybody',
      summary: 'Who asks, until when, and whether the first password is still to be set.',
      answer: SessionState,
      errors: ['API_NOT_READY'],
      handle: async (_, who) => ({ body: await stateOf(parts, who) }),
    },
    {
      method: 'POST',
      url: '/api/v1/sign-in',
      needs: 'anybody',
      isQuiet: true,
      summary: 'Opens a session by name and password: its token is in a cookie.',
      ...{ body: SignIn, bodyMaxBytes, answerMs, answer: SessionState, errors: passwordErrors },
      handle: async ({ body, address }) => {
        const { users, audit } = await access.books()
        const { name, password } = body as SignIn
        const event = { what: 'sign-in', target: '', from: placeOf(address) }
        try {
          const user = await users.verify(name.slice(0, 64), password, sourceOf(address))
          audit.done({ ...event, who: user.name, code: null })
          return await signedIn(parts, user, address)
        } catch (error) {
          // What nobody is called may be a password in the wrong field.
          const who = users.find(name) === null ? 'unknown name' : name
          audit.tried({ ...event, who, code: codeOf(error) })
          throw error
        }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/sign-out',
      needs: 'signed-in',
      summary: 'Ends the session that asks.',
      ...{ answer: DoneAnswer, errors: ['API_NOT_READY'] },
      handle: async (_, { session }) => {
        if (session === null) throw sessionless()
        const { sessions } = await access.books()
        await sessions.end(session)
        return { body: {}, headers: { 'set-cookie': cookieOf('', '; Max-Age=0') } }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/session/refresh',
      needs: 'signed-in',
      summary: 'The password again: for five minutes more may be done what asks for that.',
      ...{ body: Refresh, bodyMaxBytes, answerMs, answer: SessionState, errors: passwordErrors },
      handle: async ({ body, address }, who) => {
        if (who.session === null) throw sessionless()
        const { users, sessions } = await access.books()
        await users.verify(who.name, (body as Refresh).password, sourceOf(address))
        sessions.refresh(who.session)
        return { body: await stateOf(parts, who) }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/first-password',
      needs: 'anybody',
      isQuiet: true,
      summary:
        'Makes the first user, an admin, and signs them in; by the setup code, unless the box is blank.',
      ...{ body: FirstPassword, bodyMaxBytes, answerMs, answer: SessionState },
      errors: [
        'API_SETUP_DONE',
        'API_SETUP_CODE',
        'API_BUSY',
        'API_NOT_READY',
        'STORE_WRITE_FAILED',
      ],
      handle: async ({ body, address }, who) => {
        const { users, audit } = await access.books()
        const { name, password, code } = body as FirstPassword
        const event = { what: 'first password', target: `user/${name}`, from: placeOf(address) }
        try {
          if (users.list().length > 0) throw setUp()
          if (who.by !== 'shell' && !parts.isBlank()) access.setupCodes.check(code)
          await users.addFirst({ name, password, role: 'admin' })
        } catch (error) {
          audit.tried({ ...event, who: who.name, code: codeOf(error) })
          throw error
        }
        access.setupCodes.end()
        audit.done({ ...event, who: name, code: null })
        return signedIn(parts, users.find(name)!, address)
      },
    },
    {
      method: 'POST',
      url: '/api/v1/setup-code',
      needs: 'shell',
      summary:
        'A code by which the first password can be set from a LAN within a quarter of an hour.',
      ...{ answer: SetupCodeAnswer, errors: ['API_SETUP_DONE', 'API_NOT_READY'] },
      handle: async () => {
        if ((await access.books()).users.list().length > 0) throw setUp()
        return { body: access.setupCodes.make() }
      },
    },
  ]
}

function sessionRoutes(access: Access): LocalRoute[] {
  const auditOf = async (before: number | null) => {
    const { audit } = await access.books()
    return { body: { entries: audit.page(before) } }
  }
  return [
    {
      method: 'GET',
      url: '/api/v1/signed-in',
      needs: 'user.read',
      summary: 'Who is signed in, from where.',
      ...{ answer: SignedInAnswer, errors: ['API_NOT_READY'] },
      handle: async (_, who) => {
        const { users, sessions } = await access.books()
        const all = sessions.list().map(({ id, user, address, ageMs, idleMs }) => ({
          ...{ id, user, role: users.find(user)!.role, address },
          ...{ ageSeconds: ageMs / 1_000, idleSeconds: idleMs / 1_000, isOwn: id === who.session },
        }))
        return { body: { sessions: all } }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/signed-in/:id/end',
      needs: 'user.write',
      summary: 'Ends a session of anybody.',
      ...{ params: IdParams, answer: DoneAnswer, errors: ['API_NOT_READY'] },
      handle: async ({ params }) => {
        const { sessions } = await access.books()
        await sessions.end((params as IdParams).id)
        return { body: {} }
      },
    },
    {
      method: 'GET',
      url: '/api/v1/audit',
      needs: 'audit.read',
      summary: 'Who did what, and who was not let in: the newest hundred entries, newest first.',
      ...{ answer: LocalAuditAnswer, errors: ['API_NOT_READY'] },
      handle: () => auditOf(null),
    },
    {
      method: 'GET',
      url: '/api/v1/audit/:before',
      needs: 'audit.read',
      summary: 'The hundred entries before the one of this number.',
      ...{ params: LocalAuditParams, answer: LocalAuditAnswer, errors: ['API_NOT_READY'] },
      handle: ({ params }) => auditOf(Number((params as LocalAuditParams).before)),
    },
  ]
}

async function stateOf(parts: AccessRouteParts, who: LocalPrincipal): Promise<SessionState> {
  const { users, sessions } = await parts.access.books()
  const session = who.session === null ? null : sessions.byId(who.session)
  const isFirst = users.list().length === 0
  const isKnown = who.by !== 'nobody'
  return {
    user: isKnown ? { name: who.name, role: who.role } : null,
    by: who.by,
    csrf: session?.csrf ?? null,
    freshSeconds: (session?.freshMs ?? 0) / 1_000,
    idleSeconds: session === null ? null : session.leftMs / 1_000,
    isFirst,
    needsSetupCode: isFirst && !parts.isBlank(),
    mayReadStatus: isKnown || parts.isStatusOpen(),
    site: parts.site(),
  }
}

async function signedIn(parts: AccessRouteParts, user: KeptUser, address: Asked['address']) {
  const { sessions } = await parts.access.books()
  const { token, id } = await sessions.open(user, placeOf(address))
  const who = { name: user.name, role: user.role, by: 'session', session: id } as const
  return { body: await stateOf(parts, who), headers: { 'set-cookie': cookieOf(token) } }
}

/** It ends with the browser; what it stands for ends earlier. */
export function cookieOf(token: string, more = ''): string {
  return `${sessionCookie}=${token}; Path=/; Secure; HttpOnly; SameSite=Strict${more}`
}

function sessionless(): CausewayError {
  return new CausewayError('API_INVALID', 'whoever asks has no session here')
}

function setUp(): CausewayError {
  return new CausewayError('API_SETUP_DONE', 'the first password is set: sign in')
}

function codeOf(error: unknown): string {
  return error instanceof CausewayError ? error.code : 'API_INTERNAL'
}
