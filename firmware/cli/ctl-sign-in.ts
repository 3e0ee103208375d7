/** `causeway ctl sign-in`, `sign-out`, `who`: whose controller it is is known before anything secret is said to it. */
import { readConfigFile } from '../host/config/file.ts'
import {
  accountPath,
  type ControllerAccount,
  forgetAccount,
  readAccount,
  writeAccount,
} from '../host/link/controller-account.ts'
import { askController } from '../host/link/controller-client.ts'
import { fingerprintOf } from '../host/pki/certificate.ts'
import { readPrivate } from '../host/system/private-key.ts'
import type { AuthorityAnswer, TokenAnswer, WhoAnswer } from '../model/controller-api-access.ts'
import { CausewayError } from '../model/errors.ts'
import { formatHostPort, parseHostPort } from '../model/host-port.ts'
import { type ExitCode, exitCode, Misuse } from './call.ts'
import { accountOf, ask, type CtlCall, type CtlCommand, print } from './ctl-call.ts'

const askMs = 20_000
const endMs = 5_000
/** Where a controller listens unless it is told otherwise. */

export const signInCommands: readonly CtlCommand[] = [
  {
    name: 'sign-in',
    takes: 'ADDRESS[:PORT]',
    help: `remember a controller and a token for it. Whose it is is said by the fingerprint (SHA-256) of
its authority: give it with --fingerprint, or its certificate with --authority FILE; at a
terminal it is shown and asked for. Name and password are asked for, or read from standard
input, a line each (--user NAME: the password alone); --token-file FILE has a token instead.
--tenant NAME is kept: commands are about it unless they say another`,
    words: [1, 1],
    options: ['fingerprint', 'authority', 'token-file', 'user'],
    run: signIn,
  },
  {
    name: 'sign-out',
    takes: '',
    help: 'end the token and forget it',
    words: [0, 0],
    options: [],
    run: signOut,
  },
  {
    name: 'who',
    takes: '',
    help: 'show which controller, and as whom',
    words: [0, 0],
    options: [],
    run: who,
  },
]

async function signIn(call: CtlCall): Promise<ExitCode> {
  const { words, options, root, environment, output } = call
  const [address = ''] = words
  const controller = parseHostPort(address)
  if (controller === null) throw new Misuse(`'${address}' is no address of a controller`)
  const { authority } = (await askController({
    ...{ controller, authority: null, token: null, method: 'GET' },
    ...{ path: '/api/v1/authority', timeoutMs: askMs },
  })) as AuthorityAnswer
  await checkAuthority(call, authority)
  const anonymous = { controller, authority, timeoutMs: askMs } as const
  const file = options['token-file']
  const token =
    typeof file === 'string'
      ? await tokenFrom(file)
      : ((await askController({
          ...{ ...anonymous, token: null, method: 'POST', path: '/api/v1/sign-in' },
          body: await passwordOf(call),
        })) as TokenAnswer)
  const { name, tenant, role } = (await askController({
    ...{ ...anonymous, token: token.token, method: 'GET', path: '/api/v1/who' },
  })) as WhoAnswer
  const before = await readAccount(accountPath(root, environment)).catch(() => null)
  await writeAccount(accountPath(root, environment), {
    ...{ controller, authority, token: token.token, user: name, isSession: file === undefined },
    tenant: call.tenant ?? (tenant === '*' ? null : tenant),
  })
  if (before !== null) await endSession(before)
  const said = { controller: formatHostPort(controller), user: name, tenant, role }
  print(call, said, () => {
    const place = tenant === '*' ? 'all tenants' : tenant
    return `signed in to ${said.controller} as ${name}: ${role} of ${place}\n`
  })
  if (token.expiresMs !== null && !call.isJson) {
    output.out(`until ${new Date(token.expiresMs).toISOString()}\n`)
  }
  return exitCode.done
}

/** Nobody has its token any more. Where its controller does not answer it ends by itself. */
async function endSession({ isSession, ...account }: ControllerAccount): Promise<void> {
  if (isSession !== true) return
  const { controller, authority, token } = account
  await askController({
    ...{ controller, authority, token, method: 'POST', path: '/api/v1/sign-out', body: {} },
    timeoutMs: endMs,
  }).catch((error: unknown) => {
    if (!(error instanceof CausewayError)) throw error
  })
}

/** @throws ZTP_AUTHORITY_UNKNOWN it is another, or nobody says that it is the right one */
async function checkAuthority(call: CtlCall, authority: string): Promise<void> {
  const { options, dialogue } = call
  const shown = fingerprintOf(authority)
  const wanted =
    typeof options.authority === 'string'
      ? fingerprintIn(await readConfigFile(options.authority), options.authority)
      : typeof options.fingerprint === 'string'
        ? options.fingerprint.replaceAll(':', '').toLowerCase()
        : null
  if (wanted === shown) return
  if (wanted !== null) {
    if (!/^[0-9a-f]{64}$/.test(wanted))
      throw new Misuse('--fingerprint takes 64 hexadecimal digits')
    const message = 'this controller is of another owner'
    throw new CausewayError('ZTP_AUTHORITY_UNKNOWN', message, { detail: `it shows ${shown}` })
  }
  const question = `The controller shows an authority with the SHA-256\n  ${shown}\nIs that what its log says at the start? [y/N] `
  if (dialogue.isTerminal && /^y(es)?$/i.test((await dialogue.answer(question)) ?? '')) return
  const message = `nobody has said that this is the right controller: --fingerprint ${shown} does`
  throw new CausewayError('ZTP_AUTHORITY_UNKNOWN', message)
}

function fingerprintIn(pem: string, file: string): string {
  try {
    return fingerprintOf(pem)
  } catch {
    throw new CausewayError('CONFIG_UNREADABLE', `${file} is no certificate`)
  }
}

interface GivenToken {
  readonly token: string
  /** Null: not known here. */
  readonly expiresMs: number | null
}

/** @throws STORE_KEY_PERMISSIONS, STORE_KEY_INVALID */
async function tokenFrom(file: string): Promise<GivenToken> {
  const token = (await readPrivate(file))?.trim()
  if (token !== undefined && /^cw_[\w-]{1,120}$/.test(token)) return { token, expiresMs: null }
  const message = token === undefined ? `there is no ${file}` : `${file} holds no token`
  throw new CausewayError('STORE_KEY_INVALID', message)
}

async function passwordOf({
  options,
  dialogue,
}: CtlCall): Promise<{ readonly name: string; readonly password: string }> {
  const name = typeof options.user === 'string' ? options.user : await dialogue.answer('user: ')
  const password = name === null ? null : await dialogue.answer('password: ', true)
  if (name === null || password === null) throw new Misuse('a name and a password are needed')
  return { name, password }
}

async function signOut(call: CtlCall): Promise<ExitCode> {
  const path = accountPath(call.root, call.environment)
  await accountOf(call)
  try {
    await ask(call, '/api/v1/sign-out', { post: {} })
  } catch (error) {
    // It has ended by itself, or was taken away.
    if (!(error instanceof CausewayError) || error.code !== 'API_UNAUTHENTICATED') throw error
  }
  await forgetAccount(path)
  print(call, {}, () => 'signed out\n')
  return exitCode.done
}

async function who(call: CtlCall): Promise<ExitCode> {
  const { controller, tenant: chosen } = await accountOf(call)
  const { name, tenant, role } = await ask<WhoAnswer>(call, '/api/v1/who')
  const answer = { controller: formatHostPort(controller), user: name, tenant, role, chosen }
  print(call, answer, () => {
    const place = tenant === '*' ? `all tenants${chosen === null ? '' : `, now ${chosen}`}` : tenant
    return `${answer.controller}: ${name}, ${role} of ${place}\n`
  })
  return exitCode.done
}
