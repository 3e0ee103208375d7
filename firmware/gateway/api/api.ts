/**
 * The local API on `api.sock`. Full rights for whoever may open the socket (root). What is not known is refused,
 * never stripped; errors have the firmware's one shape. Which routes there are, stands in routes.ts.
 */
import { chmod } from 'node:fs/promises'
import fastify from 'fastify'
import { addRoute, answerError, answerErrors, apiLimits } from '../../host/api/answer.ts'
import { openForShell } from './gate.ts'
import { type RouteParts, routesOf } from './routes.ts'
import { clearSocket } from './socket.ts'

export interface ApiParts extends RouteParts {
  readonly socketPath: string
  /** A fault of ours, for the log. */
  readonly onFault: (error: Error) => void
}

const mostConnections = 64

/** Listens once it returns. @throws API_IN_USE */
export async function openApi(parts: ApiParts): Promise<AsyncDisposable> {
  const app = fastify({
    bodyLimit: apiLimits.bodyBytes,
    requestTimeout: apiLimits.uploadMs,
    connectionTimeout: apiLimits.requestMs,
    keepAliveTimeout: apiLimits.keepAliveMs,
    forceCloseConnections: true,
    // A URL that cannot be read never reaches a route, nor the error handler.
    frameworkErrors: (error, _request, reply) => answerError(error, reply, parts.onFault),
    routerOptions: { maxParamLength: 100 },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
  })
  app.server.maxConnections = mostConnections
  answerErrors(app, parts.onFault)
  for (const route of routesOf(parts)) {
    addRoute(app, openForShell(route, parts.access.access))
  }
  await clearSocket(parts.socketPath)
  await app.listen({ path: parts.socketPath })
  // Until here the folder kept others out.
  await chmod(parts.socketPath, 0o600)
  return { [Symbol.asyncDispose]: () => app.close() }
}
