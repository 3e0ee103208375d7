/** `causeway ctl tenant`, `user`, `token`: who may use the controller, where and how. Passwords are asked for, never typed as arguments. */
import type {
  TenantsAnswer,
  TokenAnswer,
  TokensAnswer,
  UserBody,
  UsersAnswer,
} from '../model/controller-api-access.ts'
import { type Role, roles } from '../model/user.ts'
import { type ExitCode, exitCode, Misuse } from './call.ts'
import {
  accountOf,
  ask,
  type CtlCall,
  type CtlCommand,
  confirm,
  print,
  tenantOf,
} from './ctl-call.ts'
import { table } from './table.ts'

const usualDays = 90
/** One password takes tens of milliseconds of a core, and others may wait before it. */
const hashMs = 30_000

export const accessCommands: readonly CtlCommand[] = [
  {
    name: 'tenant add',
    takes: 'NAME',
    help: 'make a network of its own, with documents, boxes and users of its own',
    words: [1, 1],
    options: [],
    run: (call) => {
      const [name = ''] = call.words
      return done(call, '/api/v1/tenants', { name }, `made: ${name}`)
    },
  },
  {
    name: 'tenant remove',
    takes: 'NAME [--yes]',
    help: 'take a network away, with its documents, that has no boxes, users and tokens any more',
    words: [1, 1],
    options: ['yes'],
    run: (call) => removeNamed(call, 'tenants'),
  },
  {
    name: 'tenant list',
    takes: '',
    help: 'list the networks that one may look into',
    words: [0, 0],
    options: [],
    run: async (call) => {
      const answer = await ask<TenantsAnswer>(call, '/api/v1/tenants')
      print(call, answer, ({ tenants }) =>
        tenants.length === 0
          ? 'there are no tenants yet\n'
          : tenants.map(({ name }) => `${name}\n`).join(''),
      )
      return exitCode.done
    },
  },
  {
    name: 'user add',
    takes: 'NAME --role ROLE [--all]',
    help: `make a user; the password (12 characters at least) is asked for, or read from standard input.
ROLE: auditor reads, operator claims and releases boxes, admin changes documents, owner also
users and tokens. --all: in all tenants`,
    words: [1, 1],
    options: ['role', 'all'],
    run: addUser,
  },
  {
    name: 'user list',
    takes: '',
    help: 'list users',
    words: [0, 0],
    options: [],
    run: async (call) => {
      print(call, await ask<UsersAnswer>(call, '/api/v1/users'), usersText)
      return exitCode.done
    },
  },
  {
    name: 'user remove',
    takes: 'NAME [--yes]',
    help: 'take a user away; who is signed in by that name is out',
    words: [1, 1],
    options: ['yes'],
    run: (call) => removeNamed(call, 'users'),
  },
  {
    name: 'user password',
    takes: 'NAME',
    help: `change a password, one's own (the old one is asked for first) or as an owner; whoever is
signed in by that name is out`,
    words: [1, 1],
    options: [],
    run: async (call) => {
      const [name = ''] = call.words
      const isOwn = (await accountOf(call)).user === name
      const old = isOwn ? { old: await oldPassword(call) } : {}
      const body = { ...old, password: await newPassword(call) }
      return done(call, `/api/v1/users/${encodeURIComponent(name)}/password`, body, 'changed')
    },
  },
  {
    name: 'token add',
    takes: 'LABEL --role ROLE [--days N] [--all]',
    help: `make a token for a program, good for N days (${usualDays} unless told, at most 366); it is shown once`,
    words: [1, 1],
    options: ['role', 'days', 'all'],
    run: addToken,
  },
  {
    name: 'token list',
    takes: '',
    help: 'list tokens: whose, until when; never what they are',
    words: [0, 0],
    options: [],
    run: async (call) => {
      print(call, await ask<TokensAnswer>(call, '/api/v1/tokens'), tokensText)
      return exitCode.done
    },
  },
  {
    name: 'token revoke',
    takes: 'ID',
    help: 'end a token, by its id in the list',
    words: [1, 1],
    options: [],
    run: (call) => {
      const [id = ''] = call.words
      return done(call, `/api/v1/tokens/${encodeURIComponent(id)}/revoke`, {}, 'revoked')
    },
  },
]

async function done(call: CtlCall, path: string, post: object, word: string): Promise<ExitCode> {
  const answer = await ask(call, path, { post, timeoutMs: hashMs })
  print(call, answer, () => `${word}\n`)
  return exitCode.done
}

async function addUser(call: CtlCall): Promise<ExitCode> {
  const [name = ''] = call.words
  const role = roleOf(call)
  const tenant = await placeOf(call)
  const body: UserBody = { name, tenant, role, password: await newPassword(call) }
  return done(call, '/api/v1/users', body, `made: ${name}, ${role} of ${placeText(tenant)}`)
}

async function removeNamed(call: CtlCall, what: 'tenants' | 'users'): Promise<ExitCode> {
  const [name = ''] = call.words
  if (!(await confirm(call, `Take ${name} away?`, '--yes'))) {
    call.output.err('nothing was changed\n')
    return exitCode.failed
  }
  return done(call, `/api/v1/${what}/${encodeURIComponent(name)}/remove`, {}, 'removed')
}

async function addToken(call: CtlCall): Promise<ExitCode> {
  const [label = ''] = call.words
  const { days = String(usualDays) } = call.options
  if (!/^\d{1,3}$/.test(String(days))) throw new Misuse('--days takes 1 to 366')
  const post = { label, tenant: await placeOf(call), role: roleOf(call), days: Number(days) }
  const answer = await ask<TokenAnswer>(call, '/api/v1/tokens', { post })
  print(call, answer, ({ token, expiresMs }) => {
    // What is piped on is the token alone.
    call.output.err(`good until ${new Date(expiresMs).toISOString()}; it is not shown again\n`)
    return `${token}\n`
  })
  return exitCode.done
}

function roleOf({ options: { role } }: CtlCall): Role {
  const found = roles.find((one) => one === role)
  if (found === undefined) throw new Misuse(`--role takes ${roles.join(', ')}`)
  return found
}

async function placeOf(call: CtlCall): Promise<string> {
  return call.options.all === true ? '*' : tenantOf(call)
}

async function oldPassword({ dialogue }: CtlCall): Promise<string> {
  const password = await dialogue.answer('old password: ', true)
  if (password === null || password === '') throw new Misuse('the old password is needed')
  return password
}

/** Twice at a terminal, where a slip is not seen. */
async function newPassword({ dialogue, output }: CtlCall): Promise<string> {
  const password = await dialogue.answer('new password: ', true)
  if (password === null || password === '') throw new Misuse('a password is needed')
  if (dialogue.isTerminal && (await dialogue.answer('once more: ', true)) !== password) {
    output.err('these are two different ones\n')
    throw new Misuse('the passwords differ')
  }
  if (password.length < 12 || password.length > 256) {
    throw new Misuse('a password has 12 to 256 characters')
  }
  return password
}

function usersText({ users }: UsersAnswer): string {
  const rows = users.map(({ name, tenant, role }) => [name, role, placeText(tenant)])
  return rows.length === 0 ? 'there are no users\n' : table(['USER', 'ROLE', 'OF'], rows)
}

function tokensText({ tokens }: TokensAnswer): string {
  if (tokens.length === 0) return 'there are no tokens\n'
  const rows = tokens.map(({ id, label, tenant, role, madeMs, expiresMs, isSession }) => [
    ...[id, label, isSession ? 'signed in' : 'program', role, placeText(tenant)],
    ...[
      new Date(madeMs).toISOString().slice(0, 16),
      new Date(expiresMs).toISOString().slice(0, 16),
    ],
  ])
  return table(['ID', 'LABEL', 'WHAT', 'ROLE', 'OF', 'MADE', 'UNTIL'], rows)
}

function placeText(tenant: string): string {
  return tenant === '*' ? 'all tenants' : tenant
}
