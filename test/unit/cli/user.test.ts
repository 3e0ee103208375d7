/** `causeway user …` at the shell of a box: no sign-in, passwords by standard input, exit codes. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openApi } from '../../../firmware/gateway/api/api.ts'
import type { RouteParts } from '../../../firmware/gateway/api/routes.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import { noAccess } from '../gateway/sample-access.ts'
import { nothingElse } from '../gateway/sample-system.ts'
import { cliReading, root } from './shell.ts'

const parts = noAccess()
const api = await openApi({
  ...({ ...nothingElse, access: parts } as Partial<RouteParts> as RouteParts),
  socketPath: placesOf('main', root).apiSocket,
  onFault: (error) => assert.fail(error),
})
after(async () => {
  await api[Symbol.asyncDispose]()
  await parts.access[Symbol.asyncDispose]()
})
const password = 'correct horse battery'

test('users are made, changed and taken away; the last admin stays', async () => {
  const none = await cliReading('', 'user', 'list')
  assert.deepEqual([none.code, none.out], [0, 'there are no users\n'])
  assert.equal((await cliReading(`${password}\n`, 'user', 'add', 'ada', 'admin')).code, 0)
  assert.equal((await cliReading(`${password}\n`, 'user', 'add', 'bob', 'viewer')).code, 0)
  const twice = await cliReading(`${password}\n`, 'user', 'add', 'bob', 'viewer')
  assert.deepEqual([twice.code, /^STORE_CONFLICT /.test(twice.err)], [1, true])
  const listed = await cliReading('', 'user', 'list')
  assert.match(listed.out, /^USER +ROLE .*\nada +admin .*\nbob +viewer /)
  assert.equal((await cliReading('', 'user', 'role', 'bob', 'operator')).code, 0)
  const last = await cliReading('', 'user', 'remove', 'ada')
  assert.deepEqual([last.code, /^API_LAST_ADMIN /.test(last.err)], [1, true])
  assert.equal((await cliReading('', 'user', 'remove', 'bob')).code, 0)
  const { users } = await parts.access.books()
  assert.deepEqual(
    users.list().map(({ name, role }) => [name, role]),
    [['ada', 'admin']],
  )
})

test('a password is another one from now on, without the old one', async () => {
  const next = 'another long password'
  assert.equal((await cliReading(`${next}\n`, 'user', 'password', 'ada')).code, 0)
  const { users } = await parts.access.books()
  assert.equal((await users.verify('ada', next, 'here')).name, 'ada')
  for (const [typed, ...argv] of [
    ['short\n', 'user', 'password', 'ada'],
    ['', 'user', 'password', 'ada'],
    [`${next}\n`, 'user', 'password', 'ada', next],
    [`${next}\n`, 'user', 'add', 'cyd'],
    [`${next}\n`, 'user', 'add', 'cyd', 'owner'],
    ['', 'user'],
    ['', 'user', 'lsit'],
  ] as const) {
    const { code, err } = await cliReading(typed, ...argv)
    assert.equal(code, 2, argv.join(' '))
    assert.ok(!err.includes(next), 'no password is said again')
  }
})

test('a setup code is for a box without users', async () => {
  const refused = await cliReading('', 'user', 'setup-code')
  assert.deepEqual([refused.code, /^API_SETUP_DONE /.test(refused.err)], [1, true])
})

test('what the shell does is in the log of the box', async () => {
  const { audit } = await parts.access.books()
  const told = audit.page(null).map(({ who, what, target, from, code }) => {
    return [who, from, what.replace('POST /api/v1/', ''), target, code].join(' ')
  })
  assert.ok(told.includes('shell shell users user/ada (admin) '), told.join('\n'))
  assert.ok(told.includes('shell shell users/:name/remove ada API_LAST_ADMIN'))
  assert.ok(!told.join().includes('password battery'))
})
