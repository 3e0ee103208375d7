/** Asks a controller's API over HTTPS, as people and their programs do: whoever has a certificate of the owner's authority for servers is one. */
import { request } from 'node:https'
import type { HostPort } from '../../model/enrolment.ts'
import { CausewayError, type ErrorBody, isErrorCode } from '../../model/errors.ts'

export interface ControllerAsk {
  readonly controller: HostPort
  /** PEM; null: whoever is there, to be shown whose it is. */
  readonly authority: string | null
  readonly token: string | null
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  readonly timeoutMs: number
}

const mostAnswerBytes = 64 * 1024 * 1024

/** @returns the answer, unchecked @throws API_UNREACHABLE, LINK_UNTRUSTED; what the controller refuses with */
export function askController(ask: ControllerAsk): Promise<unknown> {
  const { controller, authority, token, method, path, body, timeoutMs } = ask
  const text = body === undefined ? '' : JSON.stringify(body)
  const headers = {
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  }
  const trust = authority === null ? { rejectUnauthorized: false } : { ca: authority }
  const checkServerIdentity = (): undefined => undefined
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(failed(controller, error))
    const asked = request({
      ...{ host: controller.host, port: controller.port, method, path, headers },
      ...{ ...trust, checkServerIdentity, minVersion: 'TLSv1.3', agent: false },
    })
    asked.setTimeout(timeoutMs, () => asked.destroy(new Error('no answer in time')))
    asked.once('error', fail)
    asked.once('response', (response) => {
      let answer = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        answer += chunk
        if (answer.length > mostAnswerBytes) response.destroy(new Error('too long an answer'))
      })
      response.once('error', fail)
      response.once('end', () => {
        try {
          const value = JSON.parse(answer) as unknown
          if (response.statusCode === 200) resolve(value)
          else reject(refusalOf(value))
        } catch (error) {
          fail(error as Error)
        }
      })
    })
    asked.end(text)
  })
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
