/** A box's end of a link: finds its controller directly or through an HTTP proxy (RFC 9110 §9.3.6), and knows it by its owner's authority. */
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { CausewayError } from '../../model/errors.ts'
import type { HostPort } from '../../model/host-port.ts'
import { isServerOf } from '../pki/certificate.ts'
import { type Link, mostTextBytes } from './link.ts'
import { linkOf } from './socket.ts'

export interface LinkOptions {
  readonly controller: HostPort
  readonly path: string
  /** PEM; null before the box has a certificate: then only what needs none is answered. */
  readonly own: { readonly key: string; readonly certificate: string } | null
  /** PEM. Whoever has a certificate of theirs for servers (RFC 5280 §4.2.1.12) is a controller, whatever its name. */
  readonly authorities: readonly string[]
  /** A proxy that is asked to CONNECT. */
  readonly proxy?: HostPort | undefined
  readonly timeoutMs: number
}

/** @throws LINK_UNREACHABLE, LINK_UNTRUSTED, LINK_REFUSED */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { controller, path, timeoutMs } = options
  const signal = AbortSignal.timeout(timeoutMs)
  const tls = await openTls(options, signal)
  const host = controller.host.includes(':') ? `[${controller.host}]` : controller.host
  const socket = new WebSocket(`ws://${host}:${controller.port}${path}`, {
    createConnection: () => tls,
    maxPayload: mostTextBytes,
    perMessageDeflate: false,
    handshakeTimeout: timeoutMs,
    followRedirects: false,
  })
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(linkOf(socket)))
    socket.once('unexpected-response', (_request, response) => {
      socket.terminate()
      reject(new CausewayError('LINK_REFUSED', `the controller answers ${response.statusCode}`))
    })
    socket.once('error', (error) => reject(unreachable(controller, error)))
  })
}

export interface TlsOptions extends Pick<LinkOptions, 'controller' | 'own' | 'proxy'> {
  /** Null: anybody may be there. */
  readonly authorities: readonly string[] | null
}

/** @throws LINK_UNREACHABLE, LINK_UNTRUSTED */
export async function openTls(options: TlsOptions, signal: AbortSignal): Promise<TLSSocket> {
  const { controller, own, authorities, proxy } = options
  const under = await openTcp(controller, proxy, signal)
  return new Promise((resolve, reject) => {
    const tls = connectTls({
      socket: under,
      minVersion: 'TLSv1.3',
      ...(own === null ? {} : { key: own.key, cert: own.certificate }),
      // Looked at below. Neither name nor date says anything: the authority is the owner's, certificates for servers are
      // controllers' alone, and a box whose clock is wrong learns the time from here.
      rejectUnauthorized: false,
    })
    const abort = (): void => {
      tls.destroy()
      reject(unreachable(controller, new Error('no answer in time')))
    }
    signal.addEventListener('abort', abort, { once: true })
    tls.once('secureConnect', () => {
      signal.removeEventListener('abort', abort)
      tls.removeListener('error', fail)
      const shown = tls.getPeerX509Certificate()
      if (authorities === null || (shown !== undefined && isServerOf(shown, authorities))) {
        resolve(tls)
        return
      }
      tls.destroy()
      reject(untrusted(controller))
    })
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', abort)
      reject(unreachable(controller, error))
    }
    tls.once('error', fail)
  })
}

function openTcp(
  controller: HostPort,
  proxy: HostPort | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  const to = proxy ?? controller
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: to.host, port: to.port })
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', abort)
      socket.destroy()
      reject(unreachable(to, error))
    }
    const abort = (): void => fail(new Error('no answer in time'))
    signal.addEventListener('abort', abort, { once: true })
    socket.once('error', fail)
    socket.once('connect', () => {
      const done = (): void => {
        signal.removeEventListener('abort', abort)
        socket.removeListener('error', fail)
        resolve(socket)
      }
      if (proxy === undefined) done()
      else askProxy(socket, controller, done, fail)
    })
  })
}

const mostProxyBytes = 8_192

/** Reads the proxy's answer byte for byte to its end: what follows is TLS. */
function askProxy(
  socket: Socket,
  { host, port }: HostPort,
  done: () => void,
  fail: (error: Error) => void,
): void {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  let head = ''
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
  const read = (): void => {
    for (;;) {
      const byte = socket.read(1) as Buffer | null
      if (byte === null) return
      head += byte.toString('latin1')
      if (head.length > mostProxyBytes) break
      if (head.endsWith('\r\n\r\n')) break
    }
    socket.removeListener('readable', read)
    const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(head) ?? []
    if (status?.startsWith('2') === true && head.endsWith('\r\n\r\n')) done()
    else fail(new Error(`the proxy answers ${status ?? 'what is no HTTP'}`))
  }
  socket.on('readable', read)
}

function unreachable({ host, port }: HostPort, error: Error): CausewayError {
  const message = `cannot reach ${host}:${port}`
  return new CausewayError('LINK_UNREACHABLE', message, { detail: error.message, cause: error })
}

function untrusted({ host, port }: HostPort): CausewayError {
  const message = `${host}:${port} is no controller of this box's owner`
  return new CausewayError('LINK_UNTRUSTED', message)
}
