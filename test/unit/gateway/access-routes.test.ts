/** Signing in and out, the first password, users, tokens, sessions and the log, as a browser in a LAN meets them. */
import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { type TestContext, test } from 'node:test'
import { accessRoutes } from '../../../firmware/gateway/api/access-routes.ts'
import { type LanWorld, openLanWorld, password, signedInBy } from './lan-world.ts'

const open = (context: TestContext): Promise<LanWorld> =>
  openLanWorld(context, { routes: accessRoutes })
const first = { method: 'POST', body: { name: 'ada', password } } as const

test('a blank box takes the first password from its LAN, once, and signs in whoever set it', async (t) => {
  const world = await open(t)
  const before = await world.ask('/api/v1/session')
  assert.deepEqual(
    [before.body.user, before.body.isFirst, before.body.needsSetupCode],
    [null, true, false],
  )
  const made = await world.ask('/api/v1/first-password', first)
  assert.equal(made.status, 200, made.text)
  const [cookie] = made.headers['set-cookie'] as string[]
  assert.match(cookie!, /^__Host-causeway=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/)
  assert.deepEqual(made.body.user, { name: 'ada', role: 'admin' })
  const again = await world.ask('/api/v1/first-password', first)
  assert.deepEqual([again.status, again.body.code], [409, 'API_SETUP_DONE'])
  const mine = await world.ask('/api/v1/session', { as: signedInBy(made) })
  assert.deepEqual([mine.body.by, mine.body.isFirst], ['session', false])
  assert.ok(Number(mine.body.freshSeconds) > 290)
})

test('a box that is not blank takes it by the code of its shell alone, five times, for a quarter of an hour', async (t) => {
  const world = await open(t)
  world.isBlank = false
  assert.equal((await world.ask('/api/v1/session')).body.needsSetupCode, true)
  const tried = async (code?: string): Promise<unknown> =>
    (
      await world.ask('/api/v1/first-password', {
        method: 'POST',
        body: { ...first.body, ...(code === undefined ? {} : { code }) },
      })
    ).body.code
  assert.equal(await tried(), 'API_SETUP_CODE')
  assert.equal(await tried('ABCDE-FGHJK'), 'API_SETUP_CODE', 'there is none yet')
  const late = world.access.setupCodes.make().code
  world.nowMs += 15 * 60_000
  assert.equal(await tried(late), 'API_SETUP_CODE')
  const worn = world.access.setupCodes.make().code
  for (let at = 0; at < 5; at++) assert.equal(await tried('ABCDE-FGHJK'), 'API_SETUP_CODE')
  assert.equal(await tried(worn), 'API_SETUP_CODE')
  const good = world.access.setupCodes.make().code
  assert.equal(await tried(good.toLowerCase().replace('-', ' ')), undefined)
  const [user] = (await world.access.books()).users.list()
  assert.deepEqual([user!.name, user!.role], ['ada', 'admin'])
})

test('a session ends when nothing is asked for half an hour, after twelve hours, and when it is ended', async (t) => {
  const world = await open(t)
  const minute = 60_000
  const isIn = async (as: { cookie: string; csrf: string }): Promise<boolean> =>
    (await world.ask('/api/v1/session', { as })).body.user !== null
  const idle = await world.be('admin')
  world.nowMs += 29 * minute
  assert.ok(await isIn(idle))
  world.nowMs += 31 * minute
  assert.ok(!(await isIn(idle)))
  const busy = await world.be('admin')
  for (let half = 1; half <= 24; half++) {
    world.nowMs += 29.9 * minute
    assert.ok(await isIn(busy), `${half} half hours`)
  }
  world.nowMs += 3 * minute
  assert.ok(!(await isIn(busy)), 'twelve hours')
  const out = await world.be('admin')
  assert.equal((await world.ask('/api/v1/sign-out', { method: 'POST', as: out })).status, 200)
  assert.ok(!(await isIn(out)))
})

test('what was signed in stays so over a restart, and nothing of it is kept but hashes', async (t) => {
  const rows = new Map<string, string>()
  const world = await openLanWorld(t, { routes: accessRoutes, rows })
  const as = await world.be('admin')
  await world.access[Symbol.asyncDispose]()
  const token = as.cookie.split('=')[1]!
  assert.ok(!JSON.stringify([...rows]).includes(token))
  assert.ok(!JSON.stringify([...rows]).includes(password))
  const later = await openLanWorld(t, { routes: accessRoutes, rows })
  later.nowMs = world.nowMs + 60_000
  const found = await later.ask('/api/v1/session', { as })
  assert.deepEqual(found.body.user, { name: 'admin', role: 'admin' })
  assert.equal(found.body.freshSeconds, 0, 'but not fresh')
})

test('another password, another role and a removal count at once; the last admin stays', async (t) => {
  const world = await open(t)
  const admin = await world.be('admin')
  const viewer = await world.be('viewer')
  const post = (path: string, body?: object) =>
    world.ask(path, { method: 'POST', as: admin, ...(body === undefined ? {} : { body }) })
  assert.equal((await world.ask('/api/v1/users', { as: viewer })).status, 403)
  await post('/api/v1/users/viewer/role', { role: 'admin' })
  assert.equal((await world.ask('/api/v1/users', { as: viewer })).status, 200)
  await post('/api/v1/users/viewer/role', { role: 'viewer' })
  for (const [path, body] of [
    ['/api/v1/users/admin/remove', undefined],
    ['/api/v1/users/admin/role', { role: 'operator' }],
  ] as const) {
    const { status, text } = await post(path, body)
    assert.deepEqual([status, JSON.parse(text).code], [409, 'API_LAST_ADMIN'])
  }
  await post('/api/v1/users/viewer/password', { password: 'another long password' })
  assert.equal((await world.ask('/api/v1/session', { as: viewer })).body.user, null)
  assert.equal((await world.signIn('viewer')).status, 401)
  assert.equal((await world.signIn('viewer', 'another long password')).status, 200)
  assert.equal((await post('/api/v1/users/viewer/remove')).status, 200)
  assert.equal((await world.signIn('viewer', 'another long password')).status, 401)
  const { status, text } = await post('/api/v1/users', { name: 'shell', role: 'viewer', password })
  assert.deepEqual([status, JSON.parse(text).path], [400, '/name'])
})

test('after five minutes the password is asked for again, where it matters', async (t) => {
  const world = await open(t)
  const as = await world.be('admin')
  const add = (name: string) =>
    world.ask('/api/v1/users', { method: 'POST', as, body: { name, role: 'viewer', password } })
  assert.equal((await add('one')).status, 200)
  world.nowMs += 5 * 60_000
  const stale = await add('two')
  assert.deepEqual([stale.status, stale.body.code], [403, 'API_NOT_FRESH'])
  const refresh = (typed: string) =>
    world.ask('/api/v1/session/refresh', { method: 'POST', as, body: { password: typed } })
  assert.equal((await refresh('wrong password')).status, 401)
  assert.equal((await add('two')).status, 403)
  assert.equal((await refresh(password)).status, 200)
  assert.equal((await add('two')).status, 200)
})

test('a token does what its role may, needs no CSRF token, is never fresh, and ends', async (t) => {
  const world = await open(t)
  const as = await world.be('admin')
  const body = { label: 'backup', role: 'admin', days: 1 }
  const made = await world.ask('/api/v1/tokens', { method: 'POST', as, body })
  const headers = { authorization: `Bearer ${String(made.body.token)}` }
  assert.equal((await world.ask('/api/v1/users', { headers })).status, 200)
  const post = { method: 'POST', headers, body: { name: 'x', role: 'admin', password } }
  assert.equal((await world.ask('/api/v1/users', post)).body.code, 'API_NOT_FRESH')
  const { tokens } = (await world.ask('/api/v1/tokens', { as })).body as never as {
    tokens: { id: string; label: string; by: string }[]
  }
  assert.deepEqual([tokens[0]!.label, tokens[0]!.by], ['backup', 'admin'])
  await world.ask(`/api/v1/tokens/${tokens[0]!.id}/revoke`, { method: 'POST', as })
  assert.equal((await world.ask('/api/v1/users', { headers })).status, 401)
  const next = await world.ask('/api/v1/tokens', {
    method: 'POST',
    as: await world.be('admin'),
    body,
  })
  world.nowMs += 86_400_000
  const late = { authorization: `Bearer ${String(next.body.token)}` }
  assert.equal((await world.ask('/api/v1/users', { headers: late })).status, 401)
})

test('a token ends with whoever made it: removed, or of a lesser role than its own', async (t) => {
  const world = await open(t)
  const { users } = await world.access.books()
  const chief = await world.be('admin')
  const make = async (as: typeof chief, label: string, role: string) => {
    const body = { label, role, days: 1 }
    const made = await world.ask('/api/v1/tokens', { method: 'POST', as, body })
    return { authorization: `Bearer ${String(made.body.token)}` }
  }
  const isIn = async (headers: { authorization: string }): Promise<boolean> =>
    (await world.ask('/api/v1/session', { headers })).body.user !== null
  await users.add({ name: 'eve', role: 'admin', password })
  const eve = signedInBy(await world.signIn('eve'))
  const [high, low] = [await make(eve, 'high', 'admin'), await make(eve, 'low', 'viewer')]
  const own = await make(chief, 'own', 'admin')
  const post = (verb: string, body?: object) =>
    world.ask(`/api/v1/users/eve/${verb}`, {
      ...{ method: 'POST', as: chief },
      ...(body === undefined ? {} : { body }),
    })
  await post('role', { role: 'operator' })
  assert.deepEqual([await isIn(high), await isIn(low)], [false, true])
  await post('remove')
  assert.deepEqual([await isIn(low), await isIn(own)], [false, true])
})

test('what fails or is refused is told beside what was done, and not as it', async (t) => {
  const world = await open(t)
  const admin = await world.be('admin')
  const body = { label: 'view', role: 'viewer', days: 1 }
  const made = await world.ask('/api/v1/tokens', { method: 'POST', as: admin, body })
  const headers = { authorization: `Bearer ${String(made.body.token)}` }
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const change = { old: 'x', password: 'a password of my own' }
  const tried = [
    ['/api/v1/password', change],
    ['/api/v1/session/refresh', { password }],
    ['/api/v1/sign-out', undefined],
    ['/api/v1/users/admin/remove', undefined],
  ] as const
  for (let round = 0; round < 40; round++) {
    for (const [path, sent] of tried) {
      world.nowMs += 40
      const more = sent === undefined ? {} : { body: sent }
      const { status } = await world.ask(path, { method: 'POST', headers, agent, ...more })
      assert.ok(status === 400 || status === 403, `${path}: ${status}`)
    }
  }
  const { audit } = await world.access.books()
  const told = audit.page(null)
  const own = told.filter(({ who }) => who === 'token/view')
  assert.ok(own.length <= 52 && own.every(({ code }) => code !== null), String(own.length))
  assert.ok(told.some(({ what, code }) => what === 'POST /api/v1/tokens' && code === null))
  // Others are told as before.
  await world.signIn('nobody at all', 'x', '127.0.0.9')
  assert.deepEqual([audit.page(null)[0]!.who, audit.page(null)[0]!.more], ['unknown name', 0])
})

test('the log says who did what from where, what was refused, and holds no password', async (t) => {
  const world = await open(t)
  const as = await world.be('admin')
  await world.ask('/api/v1/users', {
    ...{
      method: 'POST',
      as,
      body: { name: 'bob', role: 'viewer', password: 'a long password too' },
    },
  })
  await world.signIn('bob', 'something wrong')
  await world.signIn('my secret password', 'x')
  const { entries } = (await world.ask('/api/v1/audit', { as })).body as never as {
    entries: Record<string, unknown>[]
  }
  const told = entries.map(({ who, what, target, from, code }) => [who, what, target, from, code])
  assert.deepEqual(told, [
    ['unknown name', 'sign-in', '', '127.0.0.1', 'API_UNAUTHENTICATED'],
    ['bob', 'sign-in', '', '127.0.0.1', 'API_UNAUTHENTICATED'],
    ['admin', 'POST /api/v1/users', 'user/bob (viewer)', '127.0.0.1', null],
    ['admin', 'sign-in', '', '127.0.0.1', null],
  ])
  assert.doesNotMatch(JSON.stringify(entries), /password|correct horse/i)
})
