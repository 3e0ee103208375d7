/** A connection of a blank device to a controller that it does not trust yet: requests of JSON over one TLS 1.3 connection, whose exporter both know. */

import { Agent, request } from 'node:https'
import { CausewayError, isErrorCode } from '../../model/errors.ts'
import type { HostPort } from '../../model/host-port.ts'
import { exporterBytes, exporterLabel } from '../../wire/ztp-proof.ts'
import { openTls } from './client.ts'

export interface ZtpConnection {
  /** RFC 8446 §7.5: another one for each connection. */
  readonly exporter: Uint8Array
  /** @returns what is answered, unchecked @throws the controller's coded refusal; LINK_UNREACHABLE */
  post(path: string, body: object): Promise<unknown>
  close(): void
}

export interface ZtpOptions {
  readonly controller: HostPort
  /** PEM: who is at the other end must have a certificate of theirs; null: anybody may be there. */
  readonly authorities: readonly string[] | null
  /** A proxy that is asked to CONNECT. */
  readonly proxy?: HostPort | undefined
  readonly timeoutMs: number
}

const mostAnswerBytes = 64 * 1024

/** @throws LINK_UNREACHABLE, LINK_UNTRUSTED */
export async function openZtp(options: ZtpOptions): Promise<ZtpConnection> {
  const { controller, authorities, proxy, timeoutMs } = options
  const signal = AbortSignal.timeout(timeoutMs)
  const socket = await openTls({ controller, authorities, proxy, own: null }, signal)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  agent.createConnection = () => socket
  return {
    exporter: socket.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0)),
    post: (path, body) => post(agent, controller, path, body, timeoutMs),
    close: () => {
      agent.destroy()
      socket.destroy()
    },
  }
}

function post(
  agent: Agent,
  to: HostPort,
  path: string,
  body: object,
  timeoutMs: number,
): Promise<unknown> {
  const text = JSON.stringify(body)
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(failed(to, error))
    const asked = request({ agent, host: to.host, port: to.port, path, method: 'POST', headers })
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

/** What a controller says is for people to read, whoever it is. */
function refusalOf(value: unknown): CausewayError {
  const { code, message } = (value ?? {}) as { code?: unknown; message?: unknown }
  const known = typeof code === 'string' && isErrorCode(code) ? code : 'LINK_REFUSED'
  return new CausewayError(known, typeof message === 'string' ? message.slice(0, 300) : 'refused')
}

function failed({ host, port }: HostPort, error: Error): CausewayError {
  const more = { detail: error.message, cause: error }
  return new CausewayError('LINK_UNREACHABLE', `cannot reach ${host}:${port}`, more)
}
