/**
 * Asks the box: one function for every route of `/api/v1`. What the box refuses comes back as a CallFailure with its coded
 * error. Answers are trusted as they are: the box that made them served this very page.
 */
import { signal } from '@preact/signals'
import type { ErrorBody } from '../../firmware/model/errors.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** What only a page can say, besides the codes of errors.ts: nobody answered, or it took too long. */
export type CallError = Omit<ErrorBody, 'code' | 'errors'> & {
  readonly code: ErrorBody['code'] | 'PAGE_UNREACHABLE' | 'PAGE_TIMEOUT'
  readonly errors?: readonly CallError[]
}

export class CallFailure extends Error {
  readonly answer: CallError
  /** Of HTTP; 0: nobody answered. */
  readonly status: number

  constructor(answer: CallError, status: number) {
    super(answer.message)
    this.name = 'CallFailure'
    this.answer = answer
    this.status = status
  }
}

export interface CallOptions {
  readonly body?: unknown
  /** Of a body that is no JSON: a backup, an update. */
  readonly bytes?: Blob
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** Given at sign-in: what changes something carries it. */
export const csrfToken = signal('')
/** Counts answers that said: nobody is signed in, or a password is wrong. session.ts looks which. */
export const refusedCount = signal(0)

/** Looks who is signed in by now. @returns whether it is the same one, by another session than this page knew */
type Renew = () => Promise<boolean>
let renew: Renew = async () => false
/** Of session.ts, which asks by what is here. */
export function renewBy(how: Renew): void {
  renew = how
}

const defaultTimeoutMs = 15_000
/** Another tab has signed in, or the role is another one. */
const staleCodes: ReadonlySet<string> = new Set(['API_CROSS_SITE', 'API_FORBIDDEN'])

/** @throws CallFailure */
export async function call<Answer>(
  method: Method,
  path: string,
  options: CallOptions = {},
): Promise<Answer> {
  const text = await send(method, path, options, (response) => response.text())
  return (text === '' ? null : JSON.parse(text)) as Answer
}

/** For what is no JSON: a capture, a backup. @throws CallFailure */
export async function callForBlob(
  method: Method,
  path: string,
  options: CallOptions = {},
): Promise<Blob> {
  return send(method, path, options, (response) => response.blob())
}

/** What to show of anything that was thrown. */
export function errorOf(thrown: unknown): CallError {
  if (thrown instanceof CallFailure) return thrown.answer
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return { code: 'API_INTERNAL', message }
}

type Read<Body> = (response: Response) => Promise<Body>

async function send<Body>(
  method: Method,
  path: string,
  options: CallOptions,
  read: Read<Body>,
): Promise<Body> {
  try {
    return await sendOnce(method, path, options, read)
  } catch (thrown) {
    const isStale = thrown instanceof CallFailure && staleCodes.has(thrown.answer.code)
    if (!isStale || method === 'GET' || !(await renew())) throw thrown
    return sendOnce(method, path, options, read)
  }
}

async function sendOnce<Body>(
  method: Method,
  path: string,
  options: CallOptions,
  read: Read<Body>,
): Promise<Body> {
  const { body, bytes, timeoutMs = defaultTimeoutMs, signal: cancel } = options
  const headers: Record<string, string> = {}
  if (method !== 'GET') headers['x-causeway-csrf'] = csrfToken.peek()
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (bytes !== undefined) headers['content-type'] = 'application/octet-stream'
  const timeout = AbortSignal.timeout(timeoutMs)
  const sent = bytes ?? (body === undefined ? undefined : JSON.stringify(body))
  try {
    const response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      cache: 'no-store',
      credentials: 'same-origin',
      signal: cancel === undefined ? timeout : AbortSignal.any([timeout, cancel]),
      ...(sent === undefined ? {} : { body: sent }),
    })
    if (response.ok) return await read(response)
    throw await failureOf(response)
  } catch (thrown) {
    if (thrown instanceof CallFailure) {
      if (thrown.answer.code === 'API_UNAUTHENTICATED') refusedCount.value++
      throw thrown
    }
    if (cancel?.aborted) throw thrown
    const code = timeout.aborted ? 'PAGE_TIMEOUT' : 'PAGE_UNREACHABLE'
    const message = timeout.aborted ? 'the box takes too long to answer' : 'the box does not answer'
    throw new CallFailure({ code, message }, 0)
  }
}

async function failureOf(response: Response): Promise<CallFailure> {
  const { status } = response
  try {
    const answer = (await response.json()) as CallError
    if (typeof answer.code === 'string') return new CallFailure(answer, status)
  } catch {
    // No JSON: something between here and the box has answered.
  }
  return new CallFailure({ code: 'API_INTERNAL', message: `the answer is HTTP ${status}` }, status)
}
