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
/** Counts answers that said: nobody is signed in. session.ts looks then. */
export const refusedCount = signal(0)

const defaultTimeoutMs = 15_000

/** @throws CallFailure */
export async function call<Answer>(
  method: Method,
  path: string,
  options: CallOptions = {},
): Promise<Answer> {
  const response = await send(method, path, options)
  const text = await response.text()
  return (text === '' ? null : JSON.parse(text)) as Answer
}

/** For what is no JSON: a capture, a backup. @throws CallFailure */
export async function callForBlob(
  method: Method,
  path: string,
  options: CallOptions = {},
): Promise<Blob> {
  return (await send(method, path, options)).blob()
}

/** What to show of anything that was thrown. */
export function errorOf(thrown: unknown): CallError {
  if (thrown instanceof CallFailure) return thrown.answer
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return { code: 'API_INTERNAL', message }
}

async function send(method: Method, path: string, options: CallOptions): Promise<Response> {
  const { body, bytes, timeoutMs = defaultTimeoutMs, signal: cancel } = options
  const headers: Record<string, string> = {}
  if (method !== 'GET') headers['x-causeway-csrf'] = csrfToken.peek()
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (bytes !== undefined) headers['content-type'] = 'application/octet-stream'
  const timeout = AbortSignal.timeout(timeoutMs)
  const sent = bytes ?? (body === undefined ? undefined : JSON.stringify(body))
  let response: Response
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      cache: 'no-store',
      credentials: 'same-origin',
      signal: cancel === undefined ? timeout : AbortSignal.any([timeout, cancel]),
      ...(sent === undefined ? {} : { body: sent }),
    })
  } catch (thrown) {
    if (cancel?.aborted) throw thrown
    const code = timeout.aborted ? 'PAGE_TIMEOUT' : 'PAGE_UNREACHABLE'
    const message = timeout.aborted ? 'the box takes too long to answer' : 'the box does not answer'
    throw new CallFailure({ code, message }, 0)
  }
  if (response.ok) return response
  const failure = await failureOf(response)
  if (failure.answer.code === 'API_UNAUTHENTICATED') refusedCount.value++
  throw failure
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
