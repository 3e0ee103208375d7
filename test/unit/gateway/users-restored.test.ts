/** Users that come out of a backup: all or nothing, somebody is left who may do all, and who is unknown now is out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAccess } from './sample-access.ts'

const password = 'correct horse battery'

test('these users and no others, durably; sessions of those who are gone end', async () => {
  const rows = new Map<string, string>()
  const access = openAccess(undefined, rows)
  const { users, sessions } = await access.books()
  await users.add({ name: 'anna', role: 'admin', password })
  await users.add({ name: 'otto', role: 'operator', password })
  const kept = users.list()
  await users.add({ name: 'eve', role: 'admin', password })
  await users.remove('otto')
  const eve = await sessions.open(users.find('eve')!, '10.1.0.9')
  const anna = await sessions.open(users.find('anna')!, '10.1.0.9')
  await users.replaceAll(kept)
  assert.deepEqual(users.list(), kept)
  assert.equal(sessions.find(eve.token), null)
  assert.notEqual(sessions.find(anna.token), null)
  await access[Symbol.asyncDispose]()
  await using again = openAccess(undefined, rows)
  const books = await again.books()
  assert.deepEqual(books.users.list(), kept)
  assert.equal((await books.users.verify('otto', password, '10.1.0.9')).role, 'operator')
})

test('without an admin, or by a name that nobody may have, nothing is changed', async () => {
  await using access = openAccess()
  const { users } = await access.books()
  await users.add({ name: 'anna', role: 'admin', password })
  const [anna] = users.list()
  const refused = [
    [[{ ...anna!, role: 'viewer' as const }], 'API_LAST_ADMIN'],
    [[], 'API_LAST_ADMIN'],
    [[anna!, { ...anna!, name: 'shell' }], 'API_INVALID'],
  ] as const
  for (const [all, code] of refused) await assert.rejects(users.replaceAll(all), { code })
  assert.deepEqual(users.list(), [anna])
})
