/** Who is known, by what, and who may do what. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAudit } from '../../../firmware/controller/audit.ts'
import { TriedLog } from '../../../firmware/controller/tried-log.ts'
import { Users } from '../../../firmware/controller/users.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { type Permission, permissions, roles } from '../../../firmware/model/user.ts'
import { Guesses } from '../../../firmware/plan/guesses.ts'
import { mayDo, requirePermission } from '../../../firmware/plan/role.ts'
import { interrupted } from './interrupted.ts'

async function newUsers() {
  const rows = new Map<string, string>()
  const store = await openStore(memoryTable(rows))
  const world = { nowMs: 1_000 }
  return { users: new Users(store, () => world.nowMs), store, rows, world }
}

/** What bounds all together is not met. */
const wide = { perSecond: 1_000, burst: 10_000 }
/** Where somebody signs in from. */
const home = 'home'

const ada = {
  name: 'ada',
  tenant: 'acme',
  role: 'admin',
  password: 'correct horse battery',
} as const

test('who has the password is known, and nobody else; each wrong attempt is in the log', async () => {
  const { users, store, rows } = await newUsers()
  await users.add('setup', ada)
  assert.deepEqual(await users.signIn('ada', ada.password, home), {
    name: 'ada',
    tenant: 'acme',
    role: 'admin',
  })
  for (const [name, password] of [
    ['ada', 'wrong'],
    ['bob', ada.password],
    ['ada', ''],
  ] as const) {
    await assert.rejects(users.signIn(name, password, home), { code: 'API_UNAUTHENTICATED' })
  }
  assert.deepEqual(
    (await readAudit(store, 'acme', 0)).entries.map(({ what, target }) => `${what} ${target}`),
    ['user.add user/ada'],
  )
  const told = (await readAudit(store, 'system', 0)).entries.map(
    ({ who, what, code }) => `${who} ${what} ${code}`,
  )
  assert.deepEqual(told, [
    ...['ada', 'bob', 'ada'].map((who) => `${who} user.sign-in API_UNAUTHENTICATED`),
  ])
  assert.ok(![...rows.values()].some((value) => value.includes(ada.password)))
})

test('who guesses at a name keeps nobody out who has it and is elsewhere', async () => {
  const { users } = await newUsers()
  await users.add('setup', ada)
  const guess = (source: string): Promise<string> =>
    users.signIn('ada', 'wrong', source).then(
      () => 'in',
      ({ code }) => code,
    )
  await users.signIn('ada', ada.password, home)
  for (let round = 0; round < 5; round++) assert.equal(await guess('here'), 'API_UNAUTHENTICATED')
  assert.equal(await guess('here'), 'API_RATE')
  assert.equal((await users.signIn('ada', ada.password, 'another')).name, 'ada')
})

test('from ever new places one name is tried slowly, and who was right before is not kept waiting', () => {
  const guesses = new Guesses(wide)
  guesses.check('ada', home, 0)
  guesses.right('ada', home)
  for (let at = 1; at < 100; at++) guesses.check('ada', `place ${at}`, 0)
  assert.throws(() => guesses.check('ada', 'another', 0), { code: 'API_RATE' })
  guesses.check('ada', home, 0)
  guesses.check('bob', 'another', 0)
  guesses.check('ada', 'another', 60_000)
})

test('one place tries many names no faster than one', () => {
  const guesses = new Guesses(wide)
  for (let at = 0; at < 30; at++) guesses.check(`name-${at}`, 'here', 0)
  assert.throws(() => guesses.check('one-more', 'here', 0), { code: 'API_RATE' })
  guesses.check('one-more', home, 0)
  guesses.check('one-more', 'here', 2_000)
})

test('strangers do not fill the log: what finds no room is counted', async () => {
  const { store, world } = await newUsers()
  const log = new TriedLog(store, () => world.nowMs)
  const event = { who: 'eve', what: 'user.sign-in', target: 'controller', code: 'X' }
  for (let at = 0; at < 130; at++) await log.tell(event)
  assert.equal((await readAudit(store, 'system', 0)).entries.length, 100)
  world.nowMs += 60_000
  await log.tell(event)
  assert.equal((await readAudit(store, 'system', 100)).entries[0]?.detail, 'and 30 like it before')
})

test('a name is given once, and is free again when it was taken away', async () => {
  const { users } = await newUsers()
  await users.add('setup', ada)
  await assert.rejects(users.add('setup', ada), { code: 'STORE_CONFLICT' })
  await users.remove('setup', 'ada')
  await assert.rejects(users.signIn('ada', ada.password, home), { code: 'API_UNAUTHENTICATED' })
  await assert.rejects(users.remove('setup', 'ada'), { code: 'API_NOT_FOUND' })
  await users.add('setup', ada)
})

test('of two owners of all who are taken away at once one stays', async () => {
  const { users, store } = await newUsers()
  const root = { ...ada, tenant: '*', role: 'owner' } as const
  for (const name of ['one', 'two']) await users.add('setup', { ...root, name })
  const racing = interrupted(store, 'user/one', () => users.remove('setup', 'two'))
  const late = new Users(racing, () => 1_000).remove('setup', 'one')
  await assert.rejects(late, { code: 'STORE_CONFLICT', path: 'user/two' })
  await assert.rejects(users.remove('setup', 'one'), { code: 'API_LAST_OWNER' })
  assert.deepEqual(
    (await users.list()).map(({ name }) => name),
    ['one'],
  )
})

test('a token is known until it ends, and stands nowhere', async () => {
  const { users, rows, world } = await newUsers()
  const token = await users.addToken('ada', {
    label: 'ci',
    tenant: 'acme',
    role: 'admin',
    expiresMs: 2_000,
  })
  assert.deepEqual(await users.byToken(token), { name: 'token/ci', tenant: 'acme', role: 'admin' })
  assert.ok(![...rows.entries()].flat().some((text) => text.includes(token)))
  await assert.rejects(users.byToken(`${token}x`), { code: 'API_UNAUTHENTICATED' })
  world.nowMs = 2_000
  await assert.rejects(users.byToken(token), { code: 'API_UNAUTHENTICATED' })
})

test('there is one setup token at a time, and none once somebody owns all', async () => {
  const { users } = await newUsers()
  const tokens = users.tokens
  const [first, second] = [await tokens.addSetup(9_000), await tokens.addSetup(9_000)]
  await assert.rejects(users.byToken(first), { code: 'API_UNAUTHENTICATED' })
  assert.deepEqual([await tokens.isSetup(first), await tokens.isSetup(second)], [false, true])
  await users.add('setup', ada)
  assert.equal((await users.byToken(second)).role, 'owner')
  await users.add('setup', { ...ada, name: 'root', tenant: '*', role: 'owner' })
  await assert.rejects(users.byToken(second), { code: 'API_UNAUTHENTICATED' })
})

test('one tenant takes no room from another: its tokens and users are counted by themselves', async () => {
  const { users } = await newUsers()
  const asked = { label: 'ci', tenant: 'acme', role: 'admin', expiresMs: 9_000 } as const
  for (let at = 0; at < 500; at++) await users.addToken('ada', asked)
  await assert.rejects(users.addToken('ada', asked), { code: 'API_BUSY' })
  await users.addToken('bob', { ...asked, tenant: 'other' })
})

test('more who sign in at once than can wait are sent away, not queued without end', async () => {
  const { users } = await newUsers()
  const attempts = Array.from({ length: 60 }, (_, at) =>
    users.signIn('nobody', 'x', `place ${at}`).catch((error) => error.code),
  )
  const codes = await Promise.all(attempts)
  assert.equal(codes.filter((code) => code === 'API_BUSY').length, 60 - 34)
})

test('each role may what those below it may, in its tenant alone', () => {
  for (const [permission, least] of Object.entries(permissions) as [
    Permission,
    (typeof roles)[number],
  ][]) {
    for (const role of roles) {
      const isEnough = roles.indexOf(role) >= roles.indexOf(least)
      assert.equal(mayDo({ name: 'a', tenant: 'acme', role }, permission, 'acme'), isEnough)
      assert.equal(mayDo({ name: 'a', tenant: '*', role }, permission, 'acme'), isEnough)
      assert.equal(mayDo({ name: 'a', tenant: 'other', role }, permission, 'acme'), false)
    }
  }
  const auditor = { name: 'a', tenant: 'acme', role: 'auditor' } as const
  assert.throws(() => requirePermission(auditor, 'fleet.write', 'acme'), {
    code: 'API_FORBIDDEN',
    message: /admin in acme/,
  })
})
