/** Asks a controller's API over HTTPS, as people and their programs do: whoever has a certificate of the owner's authority for servers is one. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import type { Readable } from 'node:stream'
import { CausewayError, type ErrorBody, isErrorCode } from '../../model/errors.ts'
import type { HostPort } from '../../model/host-port.ts'

export interface ControllerAsk {
  readonly controller: HostPort
  /** PEM; null: whoever is there, to be shown whose it is. */
  readonly authority: string | null
  readonly token: string | null
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  /** Sent as it is, as it comes. */
  readonly file?: { readonly chunks: Readable; readonly bytes: number }
  /** Without a byte either way. */
  readonly timeoutMs: number
}

const mostAnswerBytes = 64 * 1024 * 1024
/** A hundred errors of documents, each with its place. */
const mostRefusalBytes = 1024 * 1024

/** @returns the answer, unchecked @throws API_UNREACHABLE, LINK_UNTRUSTED; what the controller refuses with */
export async function askController(ask: ControllerAsk): Promise<unknown> {
  const chunks: string[] = []
  let length = 0
  for await (const chunk of readController(ask)) {
    length += chunk.length
    if (length > mostAnswerBytes) throw failed(ask.controller, new Error('too long an answer'))
    chunks.push(chunk)
  }
  try {
    return JSON.parse(chunks.join('')) as unknown
  } catch (error) {
    throw failed(ask.controller, error as Error)
  }
}

/** The text of an answer, as it comes, without an end to its length. @throws as `askController` */
export async function* readController(ask: ControllerAsk): AsyncGenerator<string> {
  const response = await responseTo(ask)
  response.setEncoding('utf8')
  try {
    if (response.statusCode === 200) {
      yield* response as AsyncIterable<string>
      return
    }
    let refusal = ''
    for await (const chunk of response as AsyncIterable<string>) {
      refusal += chunk
      if (refusal.length > mostRefusalBytes) break
    }
    throw refusalOf(parsed(refusal))
  } catch (error) {
    throw error instanceof CausewayError ? error : failed(ask.controller, error as Error)
  } finally {
    response.destroy()
  }
}

function responseTo(ask: ControllerAsk): Promise<IncomingMessage> {
  const { controller, authority, token, method, path, body, file, timeoutMs } = ask
  const text = body === undefined ? '' : JSON.stringify(body)
  const headers = {
    ...(body === undefined ? {} : typeOf('json', Buffer.byteLength(text))),
    ...(file === undefined ? {} : typeOf('octet-stream', file.bytes)),
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  }
  const trust = authority === null ? { rejectUnauthorized: false } : { ca: authority }
  const checkServerIdentity = (): undefined => undefined
  return new Promise((resolve, reject) => {
    const asked = request({
      ...{ host: controller.host, port: controller.port, method, path, headers },
      ...{ ...trust, checkServerIdentity, minVersion: 'TLSv1.3', agent: false },
    })
    asked.setTimeout(timeoutMs, () => asked.destroy(new Error('no answer in time')))
    asked.on('error', (error) => reject(failed(controller, error)))
    asked.once('response', resolve)
    if (file === undefined) asked.end(text)
    else send(file.chunks, asked)
  })
}

function typeOf(kind: string, bytes: number): Readonly<Record<string, string | number>> {
  return { 'content-type': `application/${kind}`, 'content-length': bytes }
}

/** Whoever refuses it does not take it all. */
function send(chunks: Readable, asked: ClientRequest): void {
  chunks.on('error', (error) => asked.destroy(error))
  asked.once('close', () => chunks.destroy())
  chunks.pipe(asked)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

/** As the controller has it, if it is a controller. */
function refusalOf(value: unknown): CausewayError {
  const { code, message, path, detail, errors } = (value ?? {}) as Partial<ErrorBody> & {
    readonly errors?: readonly ErrorBody[]
  }
  const isKnown = typeof code === 'string' && isErrorCode(code) && typeof message === 'string'
  if (!isKnown) return new CausewayError('API_UNREACHABLE', 'what answers there is no controller')
  return new CausewayError(code, message, { path, detail, errors })
}

function failed({ host, port }: HostPort, error: NodeJS.ErrnoException): CausewayError {
  const more = { detail: error.message, cause: error }
  if (/CERT|SIGNATURE|ISSUER|INVALID_PURPOSE/.test(error.code ?? '')) {
    return new CausewayError(
      'LINK_UNTRUSTED',
      `${host}:${port} is no controller of this owner`,
      more,
    )
  }
  return new CausewayError('API_UNREACHABLE', `cannot reach ${host}:${port}`, more)
}
