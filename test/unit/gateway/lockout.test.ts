/** A thousand guesses at a password: they get nowhere, and whoever has it gets in from elsewhere, and soon from there as well. */
import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { test } from 'node:test'
import { accessRoutes } from '../../../firmware/gateway/api/access-routes.ts'
import { openLanWorld, password } from './lan-world.ts'

test('a thousand guesses lock out where they come from, and not the owner elsewhere', async (t) => {
  const world = await openLanWorld(t, { routes: accessRoutes })
  const owner = await world.be('admin')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const guess = (typed: string) =>
    world.ask('/api/v1/sign-in', {
      ...{ method: 'POST', agent, body: { name: 'admin', password: typed } },
    })
  let looked = 0
  for (let at = 0; at < 1_000; at++) {
    // Ten a second, for a minute and a half.
    world.nowMs += 100
    const { status } = await guess(`guess number ${at}`)
    assert.ok(status === 401 || status === 429, String(status))
    if (status === 401) looked++
  }
  assert.ok(looked <= 12, `${looked} were looked at`)
  assert.equal((await guess(password)).status, 429, 'the right one neither, there')
  const there = await world.signIn('admin', password, '127.0.0.9')
  assert.equal(there.status, 200, 'from elsewhere')
  assert.equal((await world.ask('/api/v1/session', { as: owner })).body.by, 'session')
  world.nowMs += 60_000
  assert.equal((await guess(password)).status, 200, 'a minute later from there as well')
  const { audit } = await world.access.books()
  const told = audit.page(null)
  assert.ok(told.length < 100, 'the log is not filled')
  assert.ok(told.some(({ code }) => code === 'API_RATE'))
})

test('guesses from ever new places leave out nobody who was right at theirs', async (t) => {
  const world = await openLanWorld(t, { routes: accessRoutes })
  await world.be('admin')
  const { users } = await world.access.books()
  for (let at = 0; at < 150; at++) {
    await users.verify('admin', 'wrong', `place ${at}`).catch(() => {})
  }
  await assert.rejects(users.verify('admin', password, 'a new place'), { code: 'API_RATE' })
  assert.equal((await world.signIn('admin')).status, 200)
})

test('where the owner was right is known after a restart, and never told', async (t) => {
  const rows = new Map<string, string>()
  const world = await openLanWorld(t, { routes: accessRoutes, rows })
  const as = await world.be('admin')
  const { body } = await world.ask('/api/v1/users', { as })
  assert.doesNotMatch(JSON.stringify(body), /place/)
  await world.access[Symbol.asyncDispose]()
  const later = await openLanWorld(t, { routes: accessRoutes, rows })
  later.nowMs = world.nowMs + 3_600_000
  const { users } = await later.access.books()
  for (let at = 0; at < 150; at++) {
    await users.verify('admin', 'wrong', `place ${at}`).catch(() => {})
  }
  const elsewhere = await later.signIn('admin', password, '127.0.0.9')
  assert.equal(elsewhere.status, 429)
  assert.equal((await later.signIn('admin')).status, 200)
})

test('names that there are and names that there are not are refused alike', async (t) => {
  const world = await openLanWorld(t, { routes: accessRoutes })
  await world.be('admin')
  const { users } = await world.access.books()
  const answers = async (name: string): Promise<string[]> => {
    const told: string[] = []
    for (let at = 0; at < 12; at++) {
      world.nowMs += 1_500
      await users.verify(name, 'wrong', 'here').catch(({ code, message }) => {
        told.push(`${String(code)} ${String(message)}`)
      })
    }
    return told
  }
  const [known, unknown] = [await answers('admin'), await answers('nobody')]
  assert.deepEqual(unknown, known)
  assert.equal(known.length, 12)
})
