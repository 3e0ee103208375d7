/** A box's end of a file that its controller has: HTTPS with certificates of both, from any byte on (RFC 9110 §14). It comes as fast as it is taken. */
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { CausewayError, isErrorCode } from '../../model/errors.ts'
import type { HostPort } from '../../model/host-port.ts'
import { openTls } from './client.ts'

export interface DownloadOptions {
  readonly controller: HostPort
  /** A proxy that is asked to CONNECT. */
  readonly proxy?: HostPort | undefined
  /** PEM. */
  readonly own: { readonly key: string; readonly certificate: string }
  /** PEM. */
  readonly authorities: readonly string[]
  readonly path: string
  /** The first byte that is wanted. */
  readonly from: number
  /** Without a byte. */
  readonly timeoutMs: number
}

const mostRefusalBytes = 4_096

/** @throws LINK_UNREACHABLE, also on the way; LINK_UNTRUSTED; what the controller refuses with */
export async function* download(options: DownloadOptions): AsyncGenerator<Uint8Array> {
  const { controller, proxy, own, authorities, timeoutMs, from } = options
  const signal = AbortSignal.timeout(timeoutMs)
  const socket = await openTls({ controller, proxy, own, authorities }, signal)
  try {
    const response = await responseTo(socket, options)
    const wanted = from === 0 ? 200 : 206
    if (response.statusCode !== wanted) throw await refusalOf(response)
    for await (const chunk of response as AsyncIterable<Uint8Array>) yield chunk
  } catch (error) {
    throw error instanceof CausewayError ? error : failed(controller, error as Error)
  } finally {
    socket.destroy()
  }
}

function responseTo(socket: TLSSocket, options: DownloadOptions): Promise<IncomingMessage> {
  const { controller, path, from, timeoutMs } = options
  const agent = new Agent({ keepAlive: false, maxSockets: 1 })
  agent.createConnection = () => socket
  const headers = from === 0 ? {} : { range: `bytes=${from}-` }
  return new Promise((resolve, reject) => {
    const asked = request({ agent, host: controller.host, port: controller.port, path, headers })
    asked.setTimeout(timeoutMs, () => asked.destroy(new Error('nothing more comes')))
    asked.once('error', reject)
    asked.once('response', resolve)
    asked.end()
  })
}

async function refusalOf(response: IncomingMessage): Promise<CausewayError> {
  let text = ''
  for await (const chunk of response) {
    text += String(chunk)
    if (text.length > mostRefusalBytes) break
  }
  const { code, message } = parsed(text)
  const known = typeof code === 'string' && isErrorCode(code) ? code : 'LINK_REFUSED'
  const words = typeof message === 'string' ? message.slice(0, 200) : 'no file'
  return new CausewayError(known, `the controller answers ${response.statusCode}: ${words}`)
}

function parsed(text: string): { readonly code?: unknown; readonly message?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as object
  } catch {
    return {}
  }
}

function failed({ host, port }: HostPort, error: Error): CausewayError {
  const more = { detail: error.message, cause: error }
  return new CausewayError('LINK_UNREACHABLE', `the file of ${host}:${port} broke off`, more)
}
