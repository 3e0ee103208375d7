/**
 * A box of which only the outside is there: serves webui/out under the box's own content policy, and canned answers of the
 * local API that the model's types hold true. For looking at pages, and for tests of them, without a lab.
 */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import type { ApiEvent } from '../../firmware/model/local-api-event.ts'
import { type Canned, type CannedBox, CannedError, type Scene } from './canned/canned.ts'
import { sampleOf } from './canned/history.ts'
import { canned, csrfOf } from './canned/routes.ts'
import { statusOf } from './canned/site.ts'

export interface FakeBox extends AsyncDisposable, CannedBox {
  readonly url: string
  /** Whoever follows its events has lost it, until the browser tries again. */
  readonly cut: () => void
  /** While true it says nothing more, and takes what it is asked: as one whose cable was pulled. */
  isSilent: boolean
}

const built = join(import.meta.dirname, '../../webui/out')
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
const bodyMaxBytes = 4 * 1024 * 1024
const sampleMs = 1_000

export const wellScene: Scene = { role: 'admin', isFirst: false, site: 'well' }

/** @param port 0: any */
export async function openFakeBox(scene: Partial<Scene> = {}, port = 0): Promise<FakeBox> {
  const followers = new Set<ServerResponse>()
  const box: CannedBox & Pick<FakeBox, 'isSilent'> = {
    scene: { ...wellScene, ...scene },
    isSilent: false,
    status: () => statusOf(box.scene),
    tell: (event) => {
      if (box.isSilent) return
      for (const out of followers) write(out, event)
    },
  }
  const server = createServer((request, response) => {
    if (box.isSilent) return
    serve(box, followers, request, response).catch((error: unknown) => {
      const isKnown = error instanceof CannedError
      const body = isKnown ? error.body : { code: 'API_INTERNAL', message: String(error) }
      answer(response, isKnown ? error.status : 500, body)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const timer = setInterval(() => {
    box.tell(sampleOf(box.status(), Math.floor(Date.now() / 1000)))
  }, sampleMs)
  return Object.assign(box, {
    cut: () => {
      for (const out of followers) out.destroy()
    },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

async function serve(
  box: CannedBox,
  followers: Set<ServerResponse>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://box')
  if (!pathname.startsWith('/api/')) return serveFile(pathname, response)
  if (pathname === '/api/v1/events') {
    if (box.scene.role === null) throw new CannedError(401, 'API_UNAUTHENTICATED', 'sign in')
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    followers.add(response)
    response.once('close', () => followers.delete(response))
    write(response, { kind: 'status', status: box.status() })
    return
  }
  const found = find(canned, `${request.method} ${pathname}`)
  if (found === null) throw new CannedError(404, 'API_NOT_FOUND', `there is no ${pathname}`)
  const isOpen = pathname === '/api/v1/sign-in' || pathname === '/api/v1/first-password'
  const token = request.headers['x-causeway-csrf']
  if (request.method !== 'GET' && !isOpen && token !== csrfOf(box.scene)) {
    const isNobody = box.scene.role === null
    throw isNobody
      ? new CannedError(401, 'API_UNAUTHENTICATED', 'sign in first')
      : new CannedError(403, 'API_CROSS_SITE', 'needs the header x-causeway-csrf')
  }
  answer(
    response,
    200,
    await found.handle({ box, params: found.params, body: await bodyOf(request) }),
  )
}

function find(routes: Canned, asked: string) {
  const parts = asked.split('/')
  for (const [route, handle] of Object.entries(routes)) {
    const names = route.split('/')
    if (names.length !== parts.length) continue
    const params: Record<string, string> = {}
    const isSame = names.every((name, index) => {
      if (!name.startsWith(':')) return name === parts[index]
      params[name.slice(1)] = decodeURIComponent(parts[index]!)
      return true
    })
    if (isSame) return { handle, params }
  }
  return null
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > bodyMaxBytes) throw new CannedError(413, 'API_TOO_LARGE', 'too long')
  }
  if (!(request.headers['content-type'] ?? '').startsWith('application/json')) return text
  return JSON.parse(text)
}

export async function serveFile(pathname: string, response: ServerResponse): Promise<void> {
  const name = pathname === '/' ? '/index.html' : pathname
  const bytes = name.includes('..') ? null : await readFile(join(built, name)).catch(() => null)
  if (bytes === null) {
    response.writeHead(404).end()
    return
  }
  response.writeHead(200, {
    'content-type': types[extname(name)] ?? 'application/octet-stream',
    'content-security-policy': policy,
    'cache-control': 'no-store',
  })
  response.end(bytes)
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  if (Buffer.isBuffer(body)) {
    response.writeHead(status, { 'content-type': 'application/octet-stream' }).end(body)
    return
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function write(out: ServerResponse, event: ApiEvent): void {
  out.write(`event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`)
}
