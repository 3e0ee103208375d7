/**
 * The local API on `api.sock`: status, drops, metrics. Full rights for whoever may open the socket (root). What
 * is not known is refused, never stripped; errors have the firmware's one shape.
 */
import { chmod } from 'node:fs/promises'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify'
import { CausewayError, type ErrorBody, errorTable } from '../../model/errors.ts'
import type { Drops, Status } from '../../model/local-api.ts'
import { clearSocket } from './socket.ts'

export interface ApiParts {
  readonly socketPath: string
  readonly status: () => Status
  /** @throws API_NOT_READY */
  readonly drops: () => Drops
  /** Text and its content type. */
  readonly metrics: () => { readonly text: string; readonly type: string }
  /** A fault of ours, for the log. */
  readonly onFault: (error: Error) => void
}

const bodyMaxBytes = 64 * 1024
const requestTimeoutMs = 10_000
const keepAliveMs = 5_000
const mostConnections = 64

/** No parameters are known to any of these. */
const nothingAsked = { querystring: { type: 'object', additionalProperties: false } }

/** Listens once it returns. @throws API_IN_USE */
export async function openApi(parts: ApiParts): Promise<AsyncDisposable> {
  const app = fastify({
    bodyLimit: bodyMaxBytes,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    forceCloseConnections: true,
    // A URL that cannot be read never reaches a route, nor the error handler.
    frameworkErrors: (error, _request, reply) => answerError(error, reply, parts),
    routerOptions: { maxParamLength: 100 },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
  })
  app.server.maxConnections = mostConnections
  answerErrors(app, parts)
  app.get('/api/v1/status', { schema: nothingAsked }, () => parts.status())
  app.get('/api/v1/drops', { schema: nothingAsked }, () => parts.drops())
  app.get('/metrics', { schema: nothingAsked }, (_request, reply) => {
    const { text, type } = parts.metrics()
    return reply.type(type).send(text)
  })
  await clearSocket(parts.socketPath)
  await app.listen({ path: parts.socketPath })
  // Until here the folder kept others out.
  await chmod(parts.socketPath, 0o600)
  return { [Symbol.asyncDispose]: () => app.close() }
}

function answerErrors(app: FastifyInstance, parts: ApiParts): void {
  app.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url.slice(0, 200)}`
    return reply.status(errorTable.API_NOT_FOUND.http).send({ code: 'API_NOT_FOUND', message })
  })
  app.setErrorHandler((error: FastifyError, _request, reply) => answerError(error, reply, parts))
}

function answerError(error: FastifyError, reply: FastifyReply, { onFault }: ApiParts): void {
  const body = bodyOf(error)
  if (body.code === 'API_INTERNAL') onFault(error)
  reply.status(errorTable[body.code].http).send(body)
}

function bodyOf(error: FastifyError): ErrorBody {
  if (error instanceof CausewayError) return error.toJSON()
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { code: 'API_TOO_LARGE', message: `a body has at most ${bodyMaxBytes} bytes` }
  }
  const [first] = error.validation ?? []
  if (first !== undefined) {
    const message = `${error.validationContext ?? 'request'} ${first.message ?? 'is invalid'}`
    const detail = JSON.stringify(first.params).slice(0, 200)
    return { code: 'API_INVALID', message, path: first.instancePath, detail }
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return { code: 'API_INVALID', message: error.message }
  }
  // What went wrong inside is for the log, not for whoever asked.
  return { code: 'API_INTERNAL', message: 'the gateway failed to answer; its log says why' }
}
