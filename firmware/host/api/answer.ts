/** What all HTTP APIs of the firmware have in common: routes from data, nothing that is unknown is taken, errors of one shape. */
import { Readable } from 'node:stream'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CausewayError, type ErrorBody, errorTable } from '../../model/errors.ts'
import type { Answer, Asked, Route } from './route.ts'

/** Where a route says nothing else. */
export const apiLimits = {
  ...{ bodyBytes: 64 * 1024, requestMs: 10_000, keepAliveMs: 5_000 },
  /** The longest that a file takes to come, where there is a route for one. */
  uploadMs: 15 * 60_000,
} as const

/** No query is known to any route. */
const nothingAsked = { type: 'object', additionalProperties: false }

export function addRoute(app: FastifyInstance, route: Route): void {
  if (route.uploadMaxBytes === undefined) addTo(app, route)
  else {
    // A scope of its own: no other route takes a body that is not read at once.
    void app.register(async (scope) => {
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('application/octet-stream', (_request, body, done) =>
        done(null, body),
      )
      addTo(scope, route)
    })
  }
}

function addTo(app: FastifyInstance, route: Route): void {
  const { method, url, params, body, answerMs = apiLimits.requestMs } = route
  const isUpload = route.uploadMaxBytes !== undefined
  const bodyLimit = route.uploadMaxBytes ?? route.bodyMaxBytes ?? apiLimits.bodyBytes
  app.route({
    method,
    url,
    bodyLimit,
    handler: async (request, reply) => {
      if (params !== undefined) check(request, 'params', params)
      if (body !== undefined) check(request, 'body', body)
      check(request, 'querystring', nothingAsked)
      if (body === undefined && method !== 'GET' && !isUpload) refuseBody(request.body)
      const asked = {
        params: request.params,
        body: request.body,
        bearer: bearerOf(request),
        upload: isUpload ? uploadOf(request, bodyLimit) : null,
        address: request.ip ?? '',
        request: request.raw,
        isStillAllowed: () => true,
      }
      if (route.stream !== undefined) {
        // What was said of the answer so far goes with it.
        reply.raw.setHeaders(new Map(Object.entries(reply.getHeaders() as Record<string, string>)))
        route.stream(reply.raw, asked)
        return reply.hijack()
      }
      // A file may stand still on its way; of all else the body is here, and whoever asked can only wait.
      const { socket } = request.raw
      socket.setTimeout(isUpload ? answerMs : 0)
      const work = async (): Promise<Answer> => route.handle(asked)
      const answer = await (isUpload ? work() : inTime(work(), answerMs)).finally(() =>
        socket.setTimeout(apiLimits.requestMs),
      )
      if (typeof route.answer === 'string') reply.type(route.answer)
      return reply
        .status(answer.status ?? 200)
        .headers(answer.headers ?? {})
        .send(answer.body)
    },
  })
}

/** What was asked for goes on all the same. @throws API_TIMEOUT */
async function inTime<Value>(work: Promise<Value>, limitMs: number): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const error = new CausewayError('API_TIMEOUT', `no answer within ${limitMs / 1000} s`)
  const timer = setTimeout(() => reject(error), limitMs)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A schema is compiled when it is first asked for: a process that starts has better things to do. @throws API_INVALID */
function check(
  request: FastifyRequest,
  part: 'params' | 'body' | 'querystring',
  schema: object,
): void {
  const validate = request.compileValidationSchema(schema as Record<string, unknown>, part)
  const value = part === 'querystring' ? request.query : request[part]
  // A body that is not there is none of any form.
  if (validate(value ?? null) === true) return
  const [first] = validate.errors ?? []
  const message = `${part} ${first?.message ?? 'is invalid'}`
  const detail = JSON.stringify(first?.params ?? {}).slice(0, 200)
  throw new CausewayError('API_INVALID', message, { path: first?.instancePath ?? '', detail })
}

/** @throws API_INVALID there is no body; API_TOO_LARGE, as soon as that is known */
function uploadOf({ body, headers }: FastifyRequest, most: number): NonNullable<Asked['upload']> {
  if (!(body instanceof Readable)) {
    throw new CausewayError('API_INVALID', 'the body must be a file, as application/octet-stream')
  }
  const length = headers['content-length']
  const totalBytes = length === undefined ? null : Number(length)
  if (totalBytes !== null && totalBytes > most) throw tooLarge(most)
  return { chunks: bounded(body, most), totalBytes }
}

async function* bounded(chunks: AsyncIterable<Uint8Array>, most: number) {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > most) throw tooLarge(most)
    yield chunk
  }
}

function tooLarge(most: number): CausewayError {
  return new CausewayError('API_TOO_LARGE', `a body has at most ${most} bytes`)
}

/** Of the header `Authorization: Bearer`; null: there is none. */
export function bearerOf({ headers }: Pick<FastifyRequest, 'headers'>): string | null {
  const [, token] = /^Bearer ([\w-]{1,128})$/.exec(headers.authorization ?? '') ?? []
  return token ?? null
}

function refuseBody(body: unknown): void {
  if (body === undefined || body === null) return
  const isObject = typeof body === 'object' && !Array.isArray(body)
  if (isObject && Object.keys(body).length === 0) return
  throw new CausewayError('API_INVALID', 'body must be empty', { path: '' })
}

export function answerErrors(app: FastifyInstance, onFault: (error: Error) => void): void {
  app.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url.slice(0, 200)}`
    return reply.status(errorTable.API_NOT_FOUND.http).send({ code: 'API_NOT_FOUND', message })
  })
  app.setErrorHandler((error: FastifyError, request, reply) =>
    answerError(error, reply, onFault, request.routeOptions.bodyLimit),
  )
}

export function answerError(
  error: FastifyError,
  reply: FastifyReply,
  onFault: (error: Error) => void,
  bodyLimit = apiLimits.bodyBytes,
): void {
  const body = bodyOf(error, bodyLimit)
  if (body.code === 'API_INTERNAL') onFault(error)
  reply.status(errorTable[body.code].http).send(body)
}

function bodyOf(error: FastifyError, bodyLimit: number): ErrorBody {
  if (error instanceof CausewayError) return error.toJSON()
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { code: 'API_TOO_LARGE', message: `a body has at most ${bodyLimit} bytes` }
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return { code: 'API_INVALID', message: error.message }
  }
  // What went wrong inside is for the log, not for whoever asked.
  return { code: 'API_INTERNAL', message: 'the process failed to answer; its log says why' }
}
