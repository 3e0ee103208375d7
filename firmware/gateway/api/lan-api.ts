/**
 * The box's page and its whole API by HTTPS, for whoever asks from a LAN and may (gate.ts). Bound to the LANs' addresses one by one.
 * That alone keeps no other interface from answering, since Linux takes a packet for any of its addresses by any link (RFC 1122
 * §3.3.4.2, weak model): the firewall does. Connections, questions and bodies are bounded.
 */
import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import fastify, { type FastifyInstance } from 'fastify'
import { addRoute, answerError, answerErrors, apiLimits } from '../../host/api/answer.ts'
import { endLate } from '../../host/api/late.ts'
import type { Clock } from '../../host/clock/clock.ts'
import type { Certificate } from '../../host/system/certificate.ts'
import type { Page } from '../../host/web/pages.ts'
import { type ConnectionLimit, openConnectionLimit } from './connection-limit.ts'
import type { Gate } from './gate.ts'
import type { LocalRoute } from './local-route.ts'
import { addPages, securityHeaders } from './page-routes.ts'
import { openRedirect } from './redirect.ts'

export interface LanApiParts {
  readonly clock: Clock
  readonly port: number
  /** Where plain HTTP is sent on from; null: nowhere. */
  readonly plainPort: number | null
  readonly routes: readonly LocalRoute[]
  readonly gate: Gate
  readonly pages: () => Promise<readonly Page[]>
  readonly certificate: (address: string) => Promise<Certificate>
  readonly onFault: (error: unknown) => void
}

interface LanServer extends AsyncDisposable {
  /** From the next connection on: who is being answered is not cut off. */
  readonly show: (own: Certificate) => void
  readonly hasPages: boolean
  renewAtMs: number
}

const mostConnections = 160
const timeoutMs = 10_000
/** So often a certificate is looked at again: one that ends soon comes back as another. */
const renewMs = 24 * 3600 * 1000
const headerMaxBytes = 8192

export class LanApi implements AsyncDisposable {
  readonly #parts: LanApiParts
  readonly #open = new Map<string, LanServer>()
  readonly #connections: ConnectionLimit
  #names: ReadonlySet<string> = new Set()
  #turn: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(parts: LanApiParts) {
    this.#parts = parts
    this.#connections = openConnectionLimit(parts.clock)
  }

  /**
   * Listens on these and no others. One that fails is tried again by the next call; never throws.
   * @param names by which the box may be asked
   */
  listen(addresses: readonly string[], names: ReadonlySet<string>): Promise<void> {
    this.#names = names
    this.#turn = this.#turn.then(() => (this.#isClosed ? undefined : this.#bring(addresses)))
    return this.#turn
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await this.#turn
    this.#connections[Symbol.dispose]()
    await this.#close([...this.#open.keys()])
  }

  async #bring(addresses: readonly string[]): Promise<void> {
    await this.#close([...this.#open.keys()].filter((address) => !addresses.includes(address)))
    for (const address of addresses) {
      await this.#serve(address).catch((error: unknown) => this.#parts.onFault(error))
    }
  }

  /** Each address has a certificate of its own: a browser that took one is not asked again because another LAN came. */
  async #serve(address: string): Promise<void> {
    const nowMs = this.#parts.clock.nowMs()
    let server = this.#open.get(address)
    if (server?.hasPages && nowMs < server.renewAtMs) return
    const pages = await this.#pages()
    const own = await this.#parts.certificate(address)
    if (server?.hasPages === false && pages !== null) {
      await this.#close([address])
      server = undefined
    }
    if (server === undefined) {
      await this.#listen(address, own, pages)
      return
    }
    server.show(own)
    server.renewAtMs = nowMs + renewMs
  }

  /** Null: they cannot be read now, which keeps nobody from the API. */
  #pages(): Promise<readonly Page[] | null> {
    const { pages, onFault } = this.#parts
    return pages().catch((error: unknown) => {
      onFault(error)
      return null
    })
  }

  async #listen(address: string, own: Certificate, pages: readonly Page[] | null): Promise<void> {
    const { port, plainPort, onFault } = this.#parts
    const app = this.#app(own, pages ?? [])
    try {
      await app.listen({ host: address, port })
    } catch (error) {
      await app.close()
      throw error
    }
    const redirect = plainPort === null ? null : openRedirect(address, plainPort, onFault)
    this.#open.set(address, {
      hasPages: pages !== null,
      renewAtMs: this.#parts.clock.nowMs() + renewMs,
      show: (next) => (app.server as unknown as Server).setSecureContext(secure(next)),
      [Symbol.asyncDispose]: async () => {
        redirect?.[Symbol.dispose]()
        await app.close()
      },
    })
  }

  #app(own: Certificate, pages: readonly Page[]): FastifyInstance<Server> {
    const { routes, gate, port, clock, onFault } = this.#parts
    const app = fastify({
      https: {
        ...{ ...secure(own), handshakeTimeout: timeoutMs },
        maxHeaderSize: headerMaxBytes,
        headersTimeout: timeoutMs,
      },
      bodyLimit: 1,
      exposeHeadRoutes: false,
      // Who may send a file is known before it comes; what stands still is cut off by the connection's own limit.
      requestTimeout: apiLimits.uploadMs,
      connectionTimeout: timeoutMs,
      keepAliveTimeout: timeoutMs / 2,
      forceCloseConnections: true,
      frameworkErrors: (error, _request, reply) => {
        reply.headers(securityHeaders)
        answerError(error, reply, onFault)
      },
      routerOptions: { maxParamLength: 100 },
      ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    })
    app.server.maxConnections = mostConnections
    this.#connections.guard(app.server)
    const byPath = new Map(routes.map((route) => [`${route.method} ${route.url}`, route]))
    // Before a body is read: what a stranger sends is not worth the memory.
    app.addHook('onRequest', async ({ method, routeOptions, ip, raw }, reply) => {
      reply.headers(securityHeaders)
      // Of those who are refused, too: what they still send holds their connection.
      const cancelLate = endLate(raw as IncomingMessage, clock)
      const route = byPath.get(`${method} ${routeOptions.url}`) ?? null
      const knock = { method, address: ip, request: raw as IncomingMessage }
      await gate.admit(knock, route, this.#names, port)
      if (route?.uploadMaxBytes !== undefined) cancelLate()
    })
    answerErrors(app as never, onFault)
    addPages(app as never, pages)
    for (const route of routes) addRoute(app as never, gate.open(route))
    return app
  }

  async #close(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) {
      await this.#open.get(address)?.[Symbol.asyncDispose]()
      this.#open.delete(address)
    }
  }
}

function secure({ key, certificate }: Certificate) {
  return { key, cert: certificate, minVersion: 'TLSv1.2' } as const
}
