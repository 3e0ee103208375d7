/** What every `causeway ctl …` shares: what was typed, the controller that was signed in to, how it is asked, exit codes. */
import {
  accountPath,
  type ControllerAccount,
  readAccount,
} from '../host/link/controller-account.ts'
import { askController, type ControllerAsk } from '../host/link/controller-client.ts'
import type { Dialogue } from '../host/system/dialogue.ts'
import type { TenantsAnswer } from '../model/controller-api-access.ts'
import { CausewayError, type ErrorCode } from '../model/errors.ts'
import { type ExitCode, exitCode, exitOf, Misuse, type Output } from './call.ts'

/** Options that a command may take, beside `--json`, `--root`, `--tenant` and `--help`. */
export const ctlOptions = {
  file: { type: 'string', short: 'f' },
  prune: { type: 'boolean' },
  yes: { type: 'boolean' },
  'detailed-exitcode': { type: 'boolean' },
  fingerprint: { type: 'string' },
  authority: { type: 'string' },
  'token-file': { type: 'string' },
  user: { type: 'string' },
  code: { type: 'string' },
  listed: { type: 'boolean' },
  replace: { type: 'boolean' },
  ahead: { type: 'boolean' },
  role: { type: 'string' },
  all: { type: 'boolean' },
  days: { type: 'string' },
  verify: { type: 'boolean' },
  head: { type: 'string' },
  out: { type: 'string' },
  instance: { type: 'string' },
  sites: { type: 'string' },
  canary: { type: 'string' },
  soak: { type: 'string' },
  at: { type: 'string' },
  wave: { type: 'string' },
} as const

export type CtlOption = keyof typeof ctlOptions

export interface CtlCall {
  /** What follows the command's own words. */
  readonly words: readonly string[]
  readonly options: { readonly [Name in CtlOption]?: string | boolean }
  readonly tenant: string | undefined
  readonly isJson: boolean
  /** `/`, or a folder that stands for it. */
  readonly root: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly output: Output
  readonly dialogue: Dialogue
}

export interface CtlCommand {
  /** `apply`, `user add` */
  readonly name: string
  /** What stands behind the name in the usage. */
  readonly takes: string
  readonly help: string
  readonly words: readonly [least: number, most: number]
  readonly options: readonly CtlOption[]
  readonly run: (call: CtlCall) => Promise<ExitCode>
}

const usualAskMs = 20_000

/** @throws API_UNAUTHENTICATED nobody has signed in */
export async function accountOf({ root, environment }: CtlCall): Promise<ControllerAccount> {
  const account = await readAccount(accountPath(root, environment))
  if (account !== null) return account
  const message = 'not signed in to a controller: causeway ctl sign-in ADDRESS'
  throw new CausewayError('API_UNAUTHENTICATED', message)
}

export interface CtlAsk {
  /** Sent by POST; without it, GET. */
  readonly post?: object
  /** The same with a file as it is. */
  readonly file?: ControllerAsk['file']
  readonly timeoutMs?: number
}

/** @throws what the controller refuses with, API_UNREACHABLE, LINK_UNTRUSTED */
export async function ask<Answer>(
  call: CtlCall,
  path: string,
  { post, file, timeoutMs = usualAskMs }: CtlAsk = {},
): Promise<Answer> {
  const { controller, authority, token } = await accountOf(call)
  const method = post === undefined && file === undefined ? 'GET' : 'POST'
  const body = file !== undefined ? { file } : post === undefined ? {} : { body: post }
  const asked = { controller, authority, token, method, path, timeoutMs, ...body } as const
  return (await askController(asked)) as Answer
}

/** Of the tenant that the command is about. */
export async function askTenant<Answer>(
  call: CtlCall,
  path: string,
  asked: CtlAsk = {},
): Promise<Answer> {
  return ask<Answer>(call, `/api/v1/tenants/${await tenantOf(call)}/${path}`, asked)
}

/** What was said, else of the account, else the only one that there is. */
export async function tenantOf(call: CtlCall): Promise<string> {
  const said = call.tenant ?? (await accountOf(call)).tenant
  if (said !== null) return said
  const { tenants } = await ask<TenantsAnswer>(call, '/api/v1/tenants')
  const [only, ...others] = tenants.map(({ name }) => name)
  if (only === undefined) throw new Misuse('there is no tenant yet: causeway ctl tenant add NAME')
  if (others.length === 0) return only
  throw new Misuse(`--tenant NAME is needed, one of ${[only, ...others].join(', ')}`)
}

/** For programs as it came, for people as text. */
export function print<Answer>(
  { isJson, output }: CtlCall,
  answer: Answer,
  textOf: (answer: Answer) => string,
): void {
  output.out(isJson ? `${JSON.stringify(answer)}\n` : textOf(answer))
}

/** @throws API_CONFIRM nobody is there to say yes */
export async function confirm(call: CtlCall, question: string, option: string): Promise<boolean> {
  const { dialogue, options } = call
  if (options.yes === true) return true
  if (!dialogue.isTerminal) {
    throw new CausewayError('API_CONFIRM', `nobody was asked: ${option} says yes`)
  }
  return /^y(es)?$/i.test((await dialogue.answer(`${question} [y/N] `)) ?? '')
}

/** Refused, and nothing has changed. */
const refusals =
  /^(FLEET_|ZTP_|UPDATE_REFUSED$|STORE_(CONFLICT|NOT_EMPTY|SCHEMA|CORRUPT)$|API_(CONFIRM|LAST_OWNER|FORBIDDEN|UNAUTHENTICATED)$)/

export function ctlExitOf(code: ErrorCode): ExitCode {
  return refusals.test(code) ? exitCode.refused : exitOf(code)
}
