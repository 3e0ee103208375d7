/** The routes about users and tokens of the box. Who changes them has typed their password of late. */
import { CausewayError } from '../../model/errors.ts'
import {
  DoneAnswer,
  IdParams,
  LocalPasswordBody,
  LocalTokenAnswer,
  LocalTokenBody,
  LocalTokensAnswer,
  LocalUserBody,
  LocalUserParams,
  LocalUsersAnswer,
  OwnPasswordBody,
  RoleBody,
} from '../../model/local-api-access.ts'
import type { NewLocalUser } from '../../model/local-user.ts'
import { secretAnswerMs } from '../../model/upkeep-limits.ts'
import type { Access } from '../access/access.ts'
import { sourceOf } from '../access/source.ts'
import type { LocalRoute } from './local-route.ts'

const bodyMaxBytes = 4 * 1024
const answerMs = secretAnswerMs
const common = ['API_NOT_READY', 'STORE_WRITE_FAILED'] as const
const nameOf = (params: unknown): string => (params as LocalUserParams).name

export function userRoutes(access: Access): LocalRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/v1/users',
      needs: 'user.read',
      summary: 'Who has a password here.',
      ...{ answer: LocalUsersAnswer, errors: ['API_NOT_READY'] },
      handle: async () => {
        const { users, sessions } = await access.books()
        const open = sessions.list()
        const told = users.list().map(({ name, role, madeMs, passwordMs }) => ({
          ...{ name, role, madeMs, passwordMs },
          sessions: open.filter(({ user }) => user === name).length,
        }))
        return { body: { users: told } }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/users',
      ...{ needs: 'user.write', isFresh: true },
      summary: 'Makes a user.',
      ...{ body: LocalUserBody, bodyMaxBytes, answerMs, answer: DoneAnswer },
      errors: [...common, 'STORE_CONFLICT', 'API_BUSY'],
      target: ({ body }) => userText(body as NewLocalUser),
      handle: async ({ body }) => {
        const { users } = await access.books()
        await users.add(body as NewLocalUser)
        return { body: {} }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/users/:name/role',
      ...{ needs: 'user.write', isFresh: true },
      summary:
        'Another role; the last admin stays one. Tokens that this user made and that may more end.',
      ...{ params: LocalUserParams, body: RoleBody, bodyMaxBytes, answer: DoneAnswer },
      errors: [...common, 'API_LAST_ADMIN'],
      target: ({ params, body }) =>
        userText({ name: nameOf(params), role: (body as RoleBody).role }),
      handle: async ({ params, body }) => {
        const { users, tokens } = await access.books()
        await users.changeRole(nameOf(params), (body as RoleBody).role)
        await tokens.sweep()
        return { body: {} }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/users/:name/password',
      ...{ needs: 'user.write', isFresh: true },
      summary: "A new password for a user; ends that user's sessions.",
      ...{ params: LocalUserParams, body: LocalPasswordBody, bodyMaxBytes, answerMs },
      ...{ answer: DoneAnswer, errors: [...common, 'API_BUSY'] },
      handle: async ({ params, body }) => {
        const { users, sessions } = await access.books()
        await users.changePassword(nameOf(params), (body as LocalPasswordBody).password)
        await sessions.endOf(nameOf(params))
        return { body: {} }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/users/:name/remove',
      ...{ needs: 'user.write', isFresh: true },
      summary:
        'Takes a user away, and the tokens that they made; who is signed in by that name is out. The last admin stays.',
      ...{ params: LocalUserParams, answer: DoneAnswer, errors: [...common, 'API_LAST_ADMIN'] },
      handle: async ({ params }) => {
        const { users, sessions, tokens } = await access.books()
        await users.remove(nameOf(params))
        await tokens.sweep()
        await sessions.endOf(nameOf(params))
        return { body: {} }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/password',
      needs: 'signed-in',
      summary: 'A new password for whoever asks, by the old one; ends all sessions by it.',
      ...{ body: OwnPasswordBody, bodyMaxBytes, answerMs, answer: DoneAnswer },
      errors: [...common, 'API_UNAUTHENTICATED', 'API_RATE', 'API_BUSY'],
      handle: async ({ body, address }, { name, session }) => {
        if (session === null) {
          throw new CausewayError('API_INVALID', 'whoever asks has no password here')
        }
        const { users, sessions } = await access.books()
        const { old, password } = body as OwnPasswordBody
        await users.verify(name, old, sourceOf(address))
        await users.changePassword(name, password)
        await sessions.endOf(name)
        return { body: {} }
      },
    },
    ...tokenRoutes(access),
  ]
}

function tokenRoutes(access: Access): LocalRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/v1/tokens',
      needs: 'user.read',
      summary: 'Tokens of programs: whose, until when; never what they are.',
      ...{ answer: LocalTokensAnswer, errors: ['API_NOT_READY'] },
      handle: async () => {
        const { tokens } = await access.books()
        return { body: { tokens: tokens.list() } }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/tokens',
      ...{ needs: 'user.write', isFresh: true },
      summary: 'Makes a token for a program; it is shown once.',
      ...{ body: LocalTokenBody, bodyMaxBytes, answer: LocalTokenAnswer },
      errors: [...common, 'STORE_CONFLICT', 'API_BUSY'],
      target: ({ body }) => {
        const { label, role } = body as LocalTokenBody
        return `token/${label} (${role})`
      },
      handle: async ({ body }, { name }) => {
        const { tokens } = await access.books()
        return { body: await tokens.add(name, body as LocalTokenBody) }
      },
    },
    {
      method: 'POST',
      url: '/api/v1/tokens/:id/revoke',
      needs: 'user.write',
      summary: 'Ends a token, by its id in the list.',
      ...{ params: IdParams, answer: DoneAnswer, errors: common },
      handle: async ({ params }) => {
        const { tokens } = await access.books()
        await tokens.revoke((params as IdParams).id)
        return { body: {} }
      },
    },
  ]
}

function userText({ name, role }: Pick<NewLocalUser, 'name' | 'role'>): string {
  return `user/${name} (${role})`
}
