/**
 * What the box tells whoever asks it from a LAN: health and status by HTTPS, read-only, where the configuration allows it.
 * Bound to the LANs' addresses one by one. That alone keeps no other interface from answering, since Linux takes a packet
 * for any of its addresses by any link (RFC 1122 §3.3.4.2, weak model): the firewall does. Few connections, few questions.
 */
import type { Server } from 'node:https'
import fastify, { type FastifyInstance } from 'fastify'
import { addRoute, answerError, answerErrors } from '../../host/api/answer.ts'
import type { Route } from '../../host/api/route.ts'
import type { Clock } from '../../host/clock/clock.ts'
import type { Certificate } from '../../host/system/certificate.ts'
import { CausewayError } from '../../model/errors.ts'
import { openSourceBuckets, type SourceBuckets } from '../../plan/rate-limit.ts'
import { sourceKey } from '../../wire/ip.ts'
import { type ConnectionLimit, openConnectionLimit } from './connection-limit.ts'

export interface LanApiParts {
  readonly clock: Clock
  readonly port: number
  /** Those of the whole API that may be asked from a LAN. */
  readonly routes: readonly Route[]
  readonly certificate: (addresses: readonly string[]) => Promise<Certificate>
  readonly onFault: (error: unknown) => void
}

type LanServer = FastifyInstance<Server>

const mostConnections = 32
const questionRate = { perSecond: 5, burst: 20 }
const mostSources = 256
const timeoutMs = 10_000
/** So often a certificate is looked at again: one that ends soon comes back as another. */
const renewMs = 24 * 3600 * 1000
const headerMaxBytes = 4096

export class LanApi implements AsyncDisposable {
  readonly #parts: LanApiParts
  readonly #open = new Map<string, LanServer>()
  readonly #connections: ConnectionLimit
  readonly #questions: SourceBuckets = openSourceBuckets(questionRate, mostSources)
  #names = ''
  #certificate = ''
  #renewAtMs = 0
  #turn: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(parts: LanApiParts) {
    this.#parts = parts
    this.#connections = openConnectionLimit(parts.clock)
  }

  /** Listens on these and no others. One that fails is tried again by the next call; never throws. */
  listen(addresses: readonly string[]): Promise<void> {
    this.#turn = this.#turn.then(() => (this.#isClosed ? undefined : this.#bring(addresses)))
    return this.#turn
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await this.#turn
    await this.#close([...this.#open.keys()])
  }

  async #bring(addresses: readonly string[]): Promise<void> {
    const names = addresses.join(' ')
    // Other addresses, another certificate.
    const obsolete = [...this.#open.keys()].filter(
      (address) => names !== this.#names || !addresses.includes(address),
    )
    await this.#close(obsolete)
    this.#names = names
    const isMissing = (address: string): boolean => !this.#open.has(address)
    const nowMs = this.#parts.clock.nowMs()
    const isDue = addresses.length > 0 && nowMs >= this.#renewAtMs
    if (!isDue && !addresses.some(isMissing)) return
    try {
      const { key, certificate } = await this.#parts.certificate(addresses)
      if (certificate !== this.#certificate) await this.#close([...this.#open.keys()])
      this.#certificate = certificate
      this.#renewAtMs = nowMs + renewMs
      for (const address of addresses.filter(isMissing))
        await this.#listen(address, key, certificate)
    } catch (error) {
      this.#parts.onFault(error)
    }
  }

  /** One that cannot be had does not keep the others from being served. */
  async #listen(address: string, key: string, certificate: string): Promise<void> {
    const app = this.#app(key, certificate)
    try {
      await app.listen({ host: address, port: this.#parts.port })
      this.#open.set(address, app)
    } catch (error) {
      await app.close()
      this.#parts.onFault(error)
    }
  }

  #app(key: string, cert: string): LanServer {
    const { clock, routes, onFault } = this.#parts
    const app = fastify({
      https: {
        ...{ key, cert, minVersion: 'TLSv1.2', handshakeTimeout: timeoutMs },
        maxHeaderSize: headerMaxBytes,
      },
      bodyLimit: 1,
      requestTimeout: timeoutMs,
      connectionTimeout: timeoutMs,
      keepAliveTimeout: timeoutMs / 2,
      forceCloseConnections: true,
      frameworkErrors: (error, _request, reply) => answerError(error, reply, onFault),
      ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    })
    app.server.maxConnections = mostConnections
    this.#connections.guard(app.server)
    app.addHook('onRequest', async (request) => {
      if (this.#questions.take(sourceKey(request.ip), clock.nowMs())) return
      throw new CausewayError('API_RATE', 'asked too often: a few times a second is enough')
    })
    answerErrors(app, onFault)
    for (const route of routes) addRoute(app, route)
    return app
  }

  async #close(addresses: readonly string[]): Promise<void> {
    for (const address of addresses) {
      await this.#open.get(address)?.close()
      this.#open.delete(address)
    }
  }
}
