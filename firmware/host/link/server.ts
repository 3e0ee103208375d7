/** The controller's end of links: takes over connections of its HTTPS server that ask for one. Who may have one is the caller's. */
import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { WebSocketServer } from 'ws'
import { CausewayError } from '../../model/errors.ts'
import { type Link, mostTextBytes } from './link.ts'
import { linkOf } from './socket.ts'

export interface LinkServerOptions<Identity> {
  /** Asks its clients for certificates, and takes any: expired ones too (`requestCert`, not `rejectUnauthorized`). */
  readonly server: Server
  readonly path: string
  readonly mostLinks: number
  /** Who is at the other end, by its certificate (null: none); null: nobody that may have a link. */
  readonly identify: (certificate: X509Certificate | null) => Promise<Identity | null>
  readonly onLink: (link: Link, identity: Identity) => void
}

export interface LinkServer {
  readonly links: number
  /** Ends all of them. */
  close(): void
}

export function serveLinks<Identity>(options: LinkServerOptions<Identity>): LinkServer {
  const { server, path, mostLinks, identify, onLink } = options
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: mostTextBytes,
    // Each link's compressor would take 300 KB and longer than what it saves: what is sent is mostly differences.
    perMessageDeflate: false,
    clientTracking: true,
  })
  const upgrade = (request: IncomingMessage, duplex: Duplex, head: Buffer): void => {
    const socket = duplex as TLSSocket
    const certificate = socket.getPeerX509Certificate?.() ?? null
    if (request.url !== path) {
      refuse(duplex, 404)
      return
    }
    // It may break while it is looked at.
    const ignore = (): void => {}
    duplex.on('error', ignore)
    identify(certificate).then(
      (identity) => {
        duplex.removeListener('error', ignore)
        if (identity === null) refuse(duplex, 403)
        else if (sockets.clients.size >= mostLinks) refuse(duplex, 503)
        else sockets.handleUpgrade(request, duplex, head, (one) => onLink(linkOf(one), identity))
      },
      (error: unknown) => {
        refuse(duplex, 503)
        if (!(error instanceof CausewayError)) throw error
      },
    )
  }
  server.on('upgrade', upgrade)
  return {
    get links() {
      return sockets.clients.size
    },
    close: () => {
      server.removeListener('upgrade', upgrade)
      for (const client of sockets.clients) client.terminate()
      sockets.close()
    },
  }
}

const words: Readonly<Record<number, string>> = {
  403: 'Forbidden',
  404: 'Not Found',
  503: 'Service Unavailable',
}

/** An answer of one packet is out by then, or nobody takes it. */
const refusedMs = 1_000

/** A connection that was taken over has no timeout any more, and one that is only ended waits for the end of its other side. */
function refuse(duplex: Duplex, status: number): void {
  const destroy = (): void => void duplex.destroy()
  const late = setTimeout(destroy, refusedMs)
  duplex.on('error', () => {})
  duplex.once('close', () => clearTimeout(late))
  duplex.once('finish', destroy)
  duplex.end(`HTTP/1.1 ${status} ${words[status]}\r\nConnection: close\r\n\r\n`)
}
