/**
 * The controller's one listener: HTTPS for blank devices, for people and their programs, and the links of boxes, all on one
 * port, since that is what gets through firewalls. Certificates of clients are asked for, and judged by what needs one.
 */
import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import fastify from 'fastify'
import { addRoute, answerError, answerErrors, apiLimits, bearerOf } from '../../host/api/answer.ts'
import { endLate } from '../../host/api/late.ts'
import type { Route } from '../../host/api/route.ts'
import type { Clock } from '../../host/clock/clock.ts'
import { admitInTurns } from '../../host/link/admission.ts'
import type { Link } from '../../host/link/link.ts'
import { type LinkServer, serveLinks } from '../../host/link/server.ts'
import { linkPath } from '../../model/control-link.ts'
import { CausewayError } from '../../model/errors.ts'
import type { Principal } from '../../model/user.ts'
import { systemTenant } from '../audit.ts'
import { isTenant } from '../tenants.ts'
import type { ControllerRoute, RouteParts } from './controller-route.ts'
import { addFirmwareFiles, type FirmwareFileParts } from './firmware-files.ts'
import { Gate } from './gate.ts'
import { routesOf } from './routes.ts'
import { addZtpRoutes } from './ztp.ts'

export interface ApiParts<Identity> extends RouteParts, FirmwareFileParts {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** PEM. */
  readonly key: string
  readonly certificate: string
  readonly identify: (certificate: X509Certificate | null) => Promise<Identity | null>
  readonly onLink: (link: Link, identity: Identity) => void
  readonly clock: Clock
  readonly onFault: (error: Error) => void
}

export interface Api extends AsyncDisposable {
  readonly port: number
  /** Shows another certificate from the next connection on. PEM. */
  readonly show: (own: { readonly key: string; readonly certificate: string }) => void
  readonly links: number
}

const minVersion = 'TLSv1.3'
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
      minVersion,
      handshakeTimeout: apiLimits.requestMs,
      headersTimeout: apiLimits.requestMs,
    },
    bodyLimit: apiLimits.bodyBytes,
    // Who may send a file is known before it comes.
    requestTimeout: apiLimits.uploadMs,
    connectionTimeout: apiLimits.requestMs,
    keepAliveTimeout: apiLimits.keepAliveMs,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => answerError(error, reply, onFault),
    routerOptions: { maxParamLength: 100 },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
  })
  const server = app.server as unknown as Server
  server.maxConnections = mostConnections
  admitInTurns(server)
  answerErrors(app as never, onFault)
  addZtpRoutes(app as never, parts.enrol, parts.wallMs)
  addFirmwareFiles(app as never, parts)
  const routes = routesOf(parts)
  const gate = new Gate(parts)
  const byPath = new Map(routes.map((route) => [`${route.method} ${route.url}`, route]))
  // Before a body is read: what a stranger sends is not worth the memory.
  app.addHook('onRequest', async ({ method, routeOptions, headers, params, raw }) => {
    const cancelLate = endLate(raw as unknown as IncomingMessage, parts.clock)
    const route = byPath.get(`${method} ${routeOptions.url}`)
    if (route === undefined) return
    const who = await known(route, bearerOf({ headers }), parts.users)
    if (typeof route.tenantOf !== 'function') await gate.admit(route, who, params, null)
    if (route.uploadMaxBytes !== undefined) cancelLate()
  })
  for (const route of routes) addRoute(app as never, guarded(route, gate, parts))
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
    show: (own) => server.setSecureContext({ key: own.key, cert: own.certificate, minVersion }),
    [Symbol.asyncDispose]: async () => {
      links.close()
      await app.close()
    },
  }
}

const stranger: Principal = { name: '', tenant: '', role: 'auditor' }

/** The route as the server has it: who asks is known, and may, or it is not entered. */
function guarded(route: ControllerRoute, gate: Gate, { users, store }: RouteParts): Route {
  return {
    ...route,
    handle: async (asked) => {
      const who = await known(route, asked.bearer, users)
      await gate.admit(route, who, asked.params, asked.body)
      const { tenant } = (asked.params ?? {}) as { readonly tenant?: string }
      if (tenant !== undefined && tenant !== systemTenant && !(await isTenant(store, tenant))) {
        throw new CausewayError('API_NOT_FOUND', `there is no tenant ${tenant}`)
      }
      return route.handle(asked, who)
    },
  }
}

/** @throws API_UNAUTHENTICATED */
async function known(
  { needs }: ControllerRoute,
  bearer: string | null,
  users: RouteParts['users'],
): Promise<Principal> {
  if (needs === 'anybody') return stranger
  if (bearer !== null) return users.byToken(bearer)
  const message = 'needs a token: sign in, and send it as `Authorization: Bearer`'
  throw new CausewayError('API_UNAUTHENTICATED', message)
}
