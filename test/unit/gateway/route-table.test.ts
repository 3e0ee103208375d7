/**
 * Every route of the box's API by HTTPS, made from the table of routes itself: who may enter, and what is refused of anybody. What
 * routes do once they are entered is not asked here.
 */
import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { type TestContext, test } from 'node:test'
import type { AccessRouteParts } from '../../../firmware/gateway/api/access-routes.ts'
import type { LocalRoute } from '../../../firmware/gateway/api/local-route.ts'
import { routesOf } from '../../../firmware/gateway/api/routes.ts'
import { isAllowed, type LocalRole, localRoles } from '../../../firmware/model/local-user.ts'
import { type Asking, type LanWorld, openLanWorld, type SignedIn } from './lan-world.ts'
import { noAccess, partsWith } from './sample-access.ts'

/** All routes; only signing in does what it does. */
function emptied(access: AccessRouteParts): LocalRoute[] {
  const entered = { answer: { type: 'object' }, handle: () => ({ body: { in: true } }) }
  return routesOf(partsWith(access)).map(({ stream: _, ...route }) =>
    route.url === '/api/v1/sign-in' ? route : { ...route, ...entered },
  )
}

const routes = routesOf(partsWith(noAccess()))
/** With something for each of its parameters. */
const pathOf = ({ url }: LocalRoute): string =>
  url.replace(/:(\w+)/g, (_, name: string) => (name === 'id' ? 'f'.repeat(16) : '1'))
const isChange = ({ method }: LocalRoute): boolean => method !== 'GET'
const titleOf = ({ method, url }: LocalRoute): string => `${method} ${url}`

interface Desk extends LanWorld {
  /** On one connection, as if all were asked slowly, by who has just typed the password. */
  readonly askRoute: (
    route: LocalRoute,
    asking?: Asking,
  ) => Promise<{ readonly status: number; readonly code: string | null }>
}

async function open(context: TestContext): Promise<Desk> {
  const world = await openLanWorld(context, { routes: emptied })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  context.after(() => agent.destroy())
  return Object.assign(world, {
    askRoute: async (route: LocalRoute, asking: Asking = {}) => {
      world.nowMs += 500
      const { sessions } = await world.access.books()
      for (const { id } of sessions.list()) sessions.refresh(id)
      const { method } = route
      const answer = await world.ask(pathOf(route), { method, agent, ...asking })
      return { status: answer.status, code: (answer.body as { code?: string }).code ?? null }
    },
  })
}

/** Entered, as far as the door goes: a body that the route cannot take is refused behind it. */
const isIn = (status: number): boolean => status === 200 || status === 400

function expected({ needs }: LocalRoute, role: LocalRole | null, isOpen: boolean): number {
  if (needs === 'anybody' || (needs === 'status' && isOpen)) return 200
  if (needs === 'shell') return 403
  if (role === null) return 401
  if (needs === 'signed-in') return 200
  if (needs === 'first-run') return isAllowed(role, 'config.write') ? 200 : 403
  return isAllowed(role, needs === 'status' ? 'status.read' : needs) ? 200 : 403
}

test('each role may do what it may and nothing else, and a stranger next to nothing', async (t) => {
  const desk = await open(t)
  const roles: [LocalRole | null, SignedIn | null][] = [[null, null]]
  for (const role of localRoles) roles.push([role, await desk.be(role)])
  for (const isOpen of [false, true]) {
    desk.isStatusOpen = isOpen
    for (const route of routes) {
      // Its own body is the one thing that signing in wants.
      if (route.url === '/api/v1/sign-in') continue
      for (const [role, as] of roles) {
        const body = isChange(route) ? { body: {} } : {}
        const { status } = await desk.askRoute(route, { ...body, ...(as === null ? {} : { as }) })
        const wanted = expected(route, role, isOpen)
        const title = `${titleOf(route)} by ${role ?? 'a stranger'}: ${status}`
        if (wanted === 200) assert.ok(isIn(status), title)
        else assert.equal(status, wanted, title)
      }
    }
  }
})

test('what strangers and viewers may change is this and no more', () => {
  const changed = (needs: string): string[] =>
    routes
      .filter((route) => isChange(route) && route.needs === needs)
      .map(({ url }) => url.replace('/api/v1/', ''))
      .toSorted()
  assert.deepEqual(changed('anybody'), ['first-password', 'sign-in'])
  assert.deepEqual(changed('first-run'), ['enrolment/confirm'])
  assert.deepEqual(changed('signed-in'), ['password', 'session/refresh', 'sign-out'])
  for (const needs of ['status', 'status.read', 'config.read']) assert.deepEqual(changed(needs), [])
  const read = (needs: string): string[] =>
    routes.filter((route) => !isChange(route) && route.needs === needs).map(({ url }) => url)
  assert.deepEqual(read('anybody'), ['/api/v1/session'])
  assert.deepEqual(read('first-run'), ['/api/v1/enrolment'])
})

test('until there is a user anybody may claim the box; then its admins alone', async (t) => {
  const desk = await open(t)
  const enrolment = routes.filter(({ needs }) => needs === 'first-run')
  const statuses = async (as?: SignedIn): Promise<number[]> => {
    const answers: number[] = []
    for (const route of enrolment) {
      const body = isChange(route) ? { body: { code: 'ABCD-EFGH' } } : {}
      const who = as === undefined ? {} : { as }
      answers.push((await desk.askRoute(route, { ...body, ...who })).status)
    }
    return answers
  }
  assert.deepEqual(await statuses(), [200, 200])
  const admin = await desk.be('admin')
  assert.deepEqual(await statuses(), [401, 401])
  assert.deepEqual(await statuses(admin), [200, 200])
  assert.deepEqual(await statuses(await desk.be('operator')), [403, 403])
})

test('what asks for a fresh password is refused without one', async (t) => {
  const desk = await open(t)
  const as = await desk.be('admin')
  desk.nowMs += 6 * 60_000
  const fresh = routes.filter(({ isFresh }) => isFresh === true)
  assert.ok(fresh.length >= 6)
  for (const route of fresh) {
    desk.nowMs += 500
    const { method } = route
    const { status, body } = await desk.ask(pathOf(route), { method, as, body: {} })
    assert.deepEqual([status, body.code], [403, 'API_NOT_FRESH'], titleOf(route))
  }
})

test('a name that is not the box’s, another site’s page, and a missing token are refused on every route', async (t) => {
  const desk = await open(t)
  const as = await desk.be('admin')
  const foreign = { host: `evil.example:${desk.port}` }
  for (const route of routes) {
    const body = isChange(route) ? { body: {} } : {}
    const ask = async (headers: Record<string, string>) =>
      Object.values(await desk.askRoute(route, { as, headers, ...body }))
    const title = titleOf(route)
    assert.deepEqual(await ask(foreign), [421, 'API_MISDIRECTED'], title)
    const whole = { ...route, url: `https://evil.example${route.url}` }
    const answer = await desk.askRoute(whole, { as, ...body })
    assert.deepEqual(Object.values(answer), [421, 'API_MISDIRECTED'], title)
    const crossSite = [403, 'API_CROSS_SITE']
    assert.deepEqual(await ask({ origin: 'https://evil.example' }), crossSite, title)
    assert.deepEqual(await ask({ origin: 'null' }), crossSite, title)
    assert.deepEqual(await ask({ 'sec-fetch-site': 'cross-site' }), crossSite, title)
    assert.deepEqual(await ask({ 'sec-fetch-site': 'same-site' }), crossSite, title)
    if (!isChange(route) || route.needs === 'anybody' || route.needs === 'shell') continue
    assert.deepEqual(await ask({ 'x-causeway-csrf': '' }), crossSite, title)
    assert.deepEqual(await ask({ 'x-causeway-csrf': 'x'.repeat(43) }), crossSite, title)
  }
})

test('a query, broken JSON, another type, and a body that is too long are refused on every route', async (t) => {
  const desk = await open(t)
  const as = await desk.be('admin')
  for (const route of routes.filter(({ needs }) => needs !== 'shell')) {
    const title = titleOf(route)
    const query = { ...route, url: `${route.url}?verbose=1` }
    const sent = isChange(route) ? { body: {} } : {}
    assert.equal((await desk.askRoute(query, { as, ...sent })).status, 400, title)
    if (!isChange(route)) continue
    const ask = async (type: string, body: string, more: Record<string, string> = {}) => {
      const headers = { 'content-type': type, ...more }
      return Object.values(await desk.askRoute(route, { as, headers, body }))
    }
    assert.deepEqual(await ask('application/json', '{'), [400, 'API_INVALID'], title)
    assert.deepEqual(await ask('application/json', '{"__proto__":1}'), [400, 'API_INVALID'], title)
    assert.deepEqual(await ask('application/json', '[]'), [400, 'API_INVALID'], title)
    assert.deepEqual(await ask('text/plain', '{}'), [400, 'API_INVALID'], title)
    assert.deepEqual(await ask('application/x-www-form-urlencoded', 'a=1'), [400, 'API_INVALID'])
    assert.deepEqual(await ask('application/json', '{"wings":2}'), [400, 'API_INVALID'], title)
    if (route.uploadMaxBytes !== undefined) {
      const type = 'application/octet-stream'
      const headers = { 'content-type': type, 'content-length': `${route.uploadMaxBytes + 1}` }
      const announced = { as, headers, agent: false, isUnfinished: true } as const
      assert.equal((await desk.askRoute(route, announced)).status, 413, title)
      continue
    }
    const most = route.bodyMaxBytes ?? 64 * 1024
    const long = `{"wings":"${'x'.repeat(most)}"}`
    const { status } = await desk.askRoute(route, { as, body: long, ...json, agent: false })
    // Where a file is taken as it is, the type alone keeps it out.
    assert.equal(status, route.uploadMaxBytes === undefined ? 413 : 400, title)
  }
})
const json = { headers: { 'content-type': 'application/json' } }

test('what a stranger sends is refused before it is read', async (t) => {
  const desk = await open(t)
  await desk.be('admin')
  const closed = routes.filter((route) => isChange(route) && expected(route, null, true) !== 200)
  for (const route of closed) {
    // It is announced and never comes.
    const headers = { ...json.headers, 'content-length': '1000' }
    const { status } = await desk.askRoute(route, { headers, agent: false, isUnfinished: true })
    assert.ok(status === 401 || status === 403, titleOf(route))
  }
})

test('a body takes nothing that it does not name, and nothing without a limit', () => {
  for (const route of routes) {
    for (const schema of [route.body, route.params]) {
      if (schema !== undefined) limited(schema as Schema, titleOf(route))
    }
  }
})

interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly [word: string]: unknown
}

function limited(schema: Schema, where: string): void {
  const { type, properties = {}, items, anyOf = [] } = schema
  if (type === 'object') assert.equal(schema.additionalProperties, false, `${where} is open`)
  if (type === 'array') assert.ok(schema.maxItems !== undefined, `${where} has no end`)
  if (type === 'string' && schema.const === undefined) {
    const isBounded = schema.maxLength !== undefined || /\^.*\$/.test(String(schema.pattern))
    assert.ok(isBounded, `${where} has no end`)
  }
  if (items !== undefined) limited(items, `${where}[]`)
  for (const [name, one] of Object.entries(properties)) limited(one, `${where}.${name}`)
  for (const one of anyOf) limited(one, where)
}
