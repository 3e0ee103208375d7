/**
 * The controller's one listener: HTTPS for blank devices, for people and their programs, and the links of boxes, all on one
 * port, since that is what gets through firewalls. Certificates of clients are asked for, and judged by what needs one.
 */
import type { Server } from 'node:https'
import fastify from 'fastify'
import { answerError, answerErrors, apiLimits } from '../../host/api/answer.ts'
import type { Link } from '../../host/link/link.ts'
import { type LinkServer, serveLinks } from '../../host/link/server.ts'
import { linkPath } from '../../model/control-link.ts'
import type { EnrolDesk } from '../enrol.ts'
import { addZtpRoutes } from './ztp.ts'

export interface ApiParts<Identity> {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** PEM. */
  readonly key: string
  readonly certificate: string
  readonly enrol: EnrolDesk
  readonly identify: (certificate: Buffer | null) => Identity | null
  readonly onLink: (link: Link, identity: Identity) => void
  readonly onFault: (error: Error) => void
}

export interface Api extends AsyncDisposable {
  readonly port: number
  readonly links: number
}

const mostConnections = 8_192
export const mostLinks = 4_096

/** Listens once it returns. @throws API_IN_USE */
export async function openApi<Identity>(parts: ApiParts<Identity>): Promise<Api> {
  const { key, certificate, onFault } = parts
  const app = fastify({
    https: {
      key,
      cert: certificate,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      handshakeTimeout: apiLimits.requestMs,
    },
    bodyLimit: apiLimits.bodyBytes,
    requestTimeout: apiLimits.requestMs,
    connectionTimeout: apiLimits.requestMs,
    keepAliveTimeout: apiLimits.keepAliveMs,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => answerError(error, reply, onFault),
    routerOptions: { maxParamLength: 100 },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
  })
  const server = app.server as unknown as Server
  server.maxConnections = mostConnections
  answerErrors(app as never, onFault)
  addZtpRoutes(app as never, parts.enrol)
  const links: LinkServer = serveLinks({
    server,
    path: linkPath,
    mostLinks,
    identify: parts.identify,
    onLink: (link, identity) => parts.onLink(link, identity),
  })
  await app.listen({ host: parts.host, port: parts.port })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : parts.port,
    get links() {
      return links.links
    },
    [Symbol.asyncDispose]: async () => {
      links.close()
      await app.close()
    },
  }
}
