/**
 * Users that come out of a backup: all or nothing, somebody is left who may do all, and who is unknown now is out, with the tokens that
 * they made.
 */
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

test('tokens of whoever is gone, or may less than they, end; those of others stay', async () => {
  const rows = new Map<string, string>()
  const access = openAccess(undefined, rows)
  const { users, tokens } = await access.books()
  const admin = { role: 'admin', password } as const
  await users.add({ name: 'anna', ...admin })
  const kept = users.list()
  await users.add({ name: 'eve', ...admin })
  const token = async (by: string, role: 'admin' | 'viewer') => {
    const asked = { label: `${by}-${role}`, role, days: 1 } as const
    return (await tokens.add(by, asked)).token
  }
  const ofAnna = await token('anna', 'admin')
  const ofShell = await token('shell', 'admin')
  const ofEve = [await token('eve', 'admin'), await token('eve', 'viewer')] as const
  await access.replaceUsers(kept)
  assert.deepEqual([tokens.find(ofEve[0]), tokens.find(ofEve[1])], [null, null])
  for (const one of [ofAnna, ofShell]) assert.notEqual(tokens.find(one), null)
  await access[Symbol.asyncDispose]()
  await using again = openAccess(undefined, rows)
  assert.equal((await again.books()).tokens.list().length, 2, 'durably')
})

test('tokens that a power cut left to a user who is gone end at the next start', async () => {
  const rows = new Map<string, string>()
  const access = openAccess(undefined, rows)
  const { users, tokens } = await access.books()
  for (const name of ['anna', 'eve']) await users.add({ name, role: 'admin', password })
  await tokens.add('eve', { label: 'backup', role: 'admin', days: 1 })
  await users.remove('eve')
  await access[Symbol.asyncDispose]()
  await using again = openAccess(undefined, rows)
  assert.deepEqual((await again.books()).tokens.list(), [])
})
