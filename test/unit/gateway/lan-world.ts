/** A box's HTTPS on a loopback address, with users in memory and a clock by hand, and whoever asks it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { type Agent, request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Access } from '../../../firmware/gateway/access/access.ts'
import type { AccessRouteParts } from '../../../firmware/gateway/api/access-routes.ts'
import { openGate } from '../../../firmware/gateway/api/gate.ts'
import { LanApi } from '../../../firmware/gateway/api/lan-api.ts'
import type { LocalRoute } from '../../../firmware/gateway/api/local-route.ts'
import { ownNames } from '../../../firmware/gateway/api/origin.ts'
import { systemClock } from '../../../firmware/host/clock/system.ts'
import { openCertificate } from '../../../firmware/host/system/certificate.ts'
import type { Page } from '../../../firmware/host/web/pages.ts'
import type { LocalRole } from '../../../firmware/model/local-user.ts'
import { openAccess } from './sample-access.ts'

export const password = 'correct horse battery'

export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body?: object | string
  /** From which address of this machine. */
  readonly from?: string
  /** Signed in: its cookie and its CSRF token go with it. */
  readonly as?: SignedIn
  /** Without one, on a connection of its own. */
  readonly agent?: Agent | false
  /** Of a body that is announced, nothing is sent. */
  readonly isUnfinished?: true
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly body: Record<string, never>
}

export interface SignedIn {
  readonly cookie: string
  readonly csrf: string
}

export interface LanWorld {
  readonly access: Access
  readonly port: number
  readonly parts: AccessRouteParts
  nowMs: number
  isBlank: boolean
  isStatusOpen: boolean
  readonly ask: (path: string, asking?: Asking) => Promise<Answered>
  readonly signIn: (name: string, typed?: string, from?: string) => Promise<Answered>
  /** A user of this role, signed in: made past the API, a clock's minute apart from others. */
  readonly be: (role: LocalRole) => Promise<SignedIn>
}

export interface WorldParts {
  readonly routes: (parts: AccessRouteParts) => readonly LocalRoute[]
  readonly pages?: readonly Page[]
  readonly plainPort?: number
  readonly rows?: Map<string, string>
}

export async function openLanWorld(context: TestContext, of: WorldParts): Promise<LanWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'cwgw-'))
  const port = await freePort()
  const set = { nowMs: 10_000_000, isBlank: true, isStatusOpen: false }
  const clock = { ...systemClock(), nowMs: () => set.nowMs }
  const access = openAccess(clock.nowMs, of.rows)
  const parts: AccessRouteParts = {
    access,
    isBlank: () => set.isBlank,
    isStatusOpen: () => set.isStatusOpen,
    site: () => 'berlin',
  }
  const faults: unknown[] = []
  const api = new LanApi({
    ...{ clock, port, plainPort: of.plainPort ?? null, routes: of.routes(parts) },
    gate: openGate({ access, clock, isStatusOpen: parts.isStatusOpen }),
    pages: async () => of.pages ?? [],
    certificate: (address) => openCertificate(join(folder, 'lan.pem'), [address], Date.now()),
    onFault: (error) => faults.push(error),
  })
  const ask = (path: string, asking: Asking = {}): Promise<Answered> => askAt(port, path, asking)
  const world: LanWorld = Object.assign(set, {
    ...{ access, port, parts, ask },
    signIn: (name: string, typed = password, from?: string) =>
      ask('/api/v1/sign-in', {
        ...{ method: 'POST', body: { name, password: typed } },
        ...(from === undefined ? {} : { from }),
      }),
    be: async (role: LocalRole) => {
      const { users } = await access.books()
      if (users.find(role) === null) await users.add({ name: role, role, password })
      world.nowMs += 60_000
      return signedInBy(await world.signIn(role))
    },
  })
  await api.listen(['127.0.0.1'], ownNames(['127.0.0.1'], 'berlin', 'example.org'))
  context.after(async () => {
    await api[Symbol.asyncDispose]()
    await access[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
    if (faults.length > 0) throw faults[0]
  })
  return world
}

export function signedInBy({ status, headers, body, text }: Answered): SignedIn {
  const [line = ''] = (headers['set-cookie'] ?? []) as string[]
  if (status !== 200) throw new Error(`not signed in: ${text}`)
  return { cookie: line.split(';')[0]!, csrf: (body as { csrf?: string }).csrf! }
}

export function askAt(port: number, path: string, asking: Asking): Promise<Answered> {
  const { method = 'GET', headers = {}, body, from, as, agent = false, isUnfinished } = asking
  const isJson = typeof body === 'object'
  const own = {
    ...(isJson ? { 'content-type': 'application/json' } : {}),
    ...(as === undefined ? {} : { cookie: as.cookie, 'x-causeway-csrf': as.csrf }),
    ...headers,
  }
  const options = {
    ...{ host: '127.0.0.1', port, path, method, headers: own, agent },
    ...{ rejectUnauthorized: false, ...(from === undefined ? {} : { localAddress: from }) },
  }
  return new Promise((resolve, reject) => {
    const asked = request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const parsed = /json/.test(response.headers['content-type'] ?? '')
          ? (JSON.parse(text) as Answered['body'])
          : {}
        if (isUnfinished) asked.destroy()
        resolve({
          ...{ status: response.statusCode ?? 0, headers: response.headers, text },
          body: parsed,
        })
      })
    })
    asked.on('error', reject)
    if (isUnfinished) asked.flushHeaders()
    else asked.end(isJson ? JSON.stringify(body) : body)
  })
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
