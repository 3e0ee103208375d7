/**
 * `causeway user …`: who may use the box by its page. At the box's shell nobody has to sign in: here a forgotten password is set anew.
 * Passwords are read from standard input, never from arguments, which others on the machine can see.
 */
import { openDialogue } from '../host/system/dialogue.ts'
import type { LocalUsersAnswer, SetupCodeAnswer } from '../model/local-api-access.ts'
import { type LocalRole, localRoles } from '../model/local-user.ts'
import { type Call, type ExitCode, exitCode, Misuse, meantText, show } from './call.ts'
import { durationText } from './duration.ts'
import { table } from './table.ts'

/** A password takes a while, and others may be before it. */
const timeoutMs = 30_000

const verbs: Readonly<Record<string, (call: Call, words: readonly string[]) => Promise<ExitCode>>> =
  { list, add, password, role, remove, 'setup-code': setupCode }

export async function user(call: Call): Promise<ExitCode> {
  const [, verb, ...words] = call.words
  const names = Object.keys(verbs)
  if (verb === undefined) throw new Misuse(`user takes one of ${names.join(', ')}`)
  if (!names.includes(verb)) {
    throw new Misuse(`there is no 'user ${verb}'${meantText(verb, names)}`)
  }
  return verbs[verb]!(call, words)
}

async function list(call: Call, words: readonly string[]): Promise<ExitCode> {
  if (words.length > 0) throw new Misuse('user list takes nothing more')
  await show<LocalUsersAnswer>(call, '/api/v1/users', ({ users }) => {
    const rows = users.map(({ name, role, passwordMs, sessions }) => [
      ...[name, role, new Date(passwordMs).toISOString().slice(0, 16), String(sessions)],
    ])
    return rows.length === 0
      ? 'there are no users\n'
      : table(['USER', 'ROLE', 'PASSWORD SET', 'SIGNED IN'], rows)
  })
  return exitCode.done
}

async function add(call: Call, words: readonly string[]): Promise<ExitCode> {
  const [name, word] = words
  if (name === undefined || word === undefined || words.length > 2) {
    throw new Misuse(`user add takes NAME ROLE: ${localRoles.join(', ')}`)
  }
  const post = { name, role: roleOf(word), password: await newPassword(call) }
  return done(call, '/api/v1/users', post, `made: ${name}, ${word}`)
}

async function password(call: Call, words: readonly string[]): Promise<ExitCode> {
  const name = nameOf('password', words)
  const post = { password: await newPassword(call) }
  return done(call, `${urlOf(name)}/password`, post, 'changed; whoever was signed in by it is out')
}

async function role(call: Call, words: readonly string[]): Promise<ExitCode> {
  const [name, word] = words
  if (name === undefined || word === undefined || words.length > 2) {
    throw new Misuse(`user role takes NAME ROLE: ${localRoles.join(', ')}`)
  }
  return done(call, `${urlOf(name)}/role`, { role: roleOf(word) }, `${name} is ${word} now`)
}

async function remove(call: Call, words: readonly string[]): Promise<ExitCode> {
  return done(call, `${urlOf(nameOf('remove', words))}/remove`, {}, 'removed')
}

async function setupCode(call: Call, words: readonly string[]): Promise<ExitCode> {
  if (words.length > 0) throw new Misuse('user setup-code takes nothing more')
  const ask = { post: {} }
  const said = ({ code, seconds }: SetupCodeAnswer): string =>
    `${code}\n  on the page of this box, with the first password, within ${durationText(seconds)}\n`
  await show<SetupCodeAnswer>(call, '/api/v1/setup-code', said, ask)
  return exitCode.done
}

async function done(call: Call, path: string, post: object, said: string): Promise<ExitCode> {
  await show<object>(call, path, () => `${said}\n`, { post, timeoutMs })
  return exitCode.done
}

function nameOf(verb: string, words: readonly string[]): string {
  const [name] = words
  if (name === undefined || words.length > 1) throw new Misuse(`user ${verb} takes the NAME`)
  return name
}

function urlOf(name: string): string {
  return `/api/v1/users/${encodeURIComponent(name)}`
}

function roleOf(word: string): LocalRole {
  const found = localRoles.find((one) => one === word)
  if (found !== undefined) return found
  throw new Misuse(`there is no role '${word}'${meantText(word, localRoles)}`)
}

/** Twice at a terminal, where a slip is not seen. */
async function newPassword({ input, output }: Call): Promise<string> {
  await using dialogue = openDialogue(input, (text) => output.err(text))
  const typed = await dialogue.answer('new password: ', true)
  if (typed === null || typed === '') throw new Misuse('a password is needed on standard input')
  if (dialogue.isTerminal && (await dialogue.answer('once more: ', true)) !== typed) {
    throw new Misuse('the passwords differ')
  }
  if (typed.length < 12 || typed.length > 256) {
    throw new Misuse('a password has 12 to 256 characters')
  }
  return typed
}
