/** What the box keeps of who may use it: bounded, and no reason for the box not to forward when it cannot be read. */
import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { test } from 'node:test'
import { Check } from 'typebox/value'
import { Access } from '../../../firmware/gateway/access/access.ts'
import type { KeptUser } from '../../../firmware/gateway/access/users.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Table } from '../../../firmware/host/store/table.ts'
import { makePrivateFolder } from '../../../firmware/host/system/file.ts'
import { openPasswords } from '../../../firmware/host/system/password.ts'
import { orderReset, resetIfOrdered } from '../../../firmware/host/system/reset.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { SignIn } from '../../../firmware/model/local-api-access.ts'
import { Password } from '../../../firmware/model/user.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { openBox } from './box.ts'
import { openAccess } from './sample-access.ts'

const password = 'correct horse battery'
const log = { info: () => {}, warn: () => {}, error: () => {} }

test('a gateway whose store is broken forwards all the same, and says why nobody can sign in', async (t) => {
  const box = await openBox(t)
  box.brokenStore = new CausewayError('STORE_CORRUPT', 'cannot open the store')
  await box.write(sampleConfig())
  const gateway = await box.start()
  await box.line('gateway ready')
  await box.line('nobody can sign in')
  assert.match(gateway.status().problems.join('\n'), /nobody can sign in: .*\(STORE_CORRUPT\)/)
})

test('a store that failed is opened anew when somebody asks, ten seconds later', async () => {
  let nowMs = 1_000
  let tries = 0
  let isBroken = true
  const access = new Access({
    ...{ clock: { nowMs: () => nowMs }, wallMs: () => nowMs, log },
    openStore: async () => {
      tries++
      if (isBroken) throw new CausewayError('STORE_LOCKED', 'another process has it')
      return openStore(memoryTable())
    },
  })
  await assert.rejects(access.books(), { code: 'API_NOT_READY' })
  await assert.rejects(access.books(), { code: 'API_NOT_READY' })
  assert.equal(tries, 1)
  assert.match(access.problem!, /STORE_LOCKED/)
  isBroken = false
  nowMs += 10_000
  await access.books()
  assert.deepEqual([tries, access.problem], [2, null])
  await access[Symbol.asyncDispose]()
})

test('a store whose disk is full takes nothing more and is opened anew', async () => {
  let nowMs = 1_000
  let isFull = false
  const inner = memoryTable()
  const table: Table = {
    ...inner,
    write: async (rows) => {
      if (isFull) throw new CausewayError('STORE_WRITE_FAILED', 'no space')
      await inner.write(rows)
    },
  }
  const access = new Access({
    ...{ clock: { nowMs: () => nowMs }, wallMs: () => nowMs, log },
    openStore: (onFailed) => openStore(table, onFailed),
  })
  const add = async (name: string): Promise<void> =>
    (await access.books()).users.add({ name, role: 'admin', password })
  await add('ada')
  isFull = true
  await assert.rejects(add('bob'), { code: 'STORE_WRITE_FAILED' })
  assert.match(access.problem!, /STORE_WRITE_FAILED/)
  const kept = (await access.books()).users
  assert.equal((await kept.verify('ada', password, 'here')).name, 'ada', 'who is known gets in')
  isFull = false
  nowMs += 10_000
  await add('bob')
  assert.equal(access.problem, null)
  await access[Symbol.asyncDispose]()
})

test('of many who ask at once one opens it anew, and closes what was there before', async () => {
  let nowMs = 1_000
  let open = 0
  let opened = 0
  let fail: (error: CausewayError) => void = () => assert.fail()
  const access = new Access({
    ...{ clock: { nowMs: () => nowMs }, wallMs: () => nowMs, log },
    openStore: async (onFailed) => {
      assert.equal(open, 0, 'nobody else has it')
      open++
      opened++
      fail = onFailed
      await new Promise(setImmediate)
      const store = await openStore(memoryTable(), onFailed)
      return {
        ...store,
        get: store.get.bind(store),
        range: store.range.bind(store),
        commit: store.commit.bind(store),
        [Symbol.asyncDispose]: async () => {
          await new Promise(setImmediate)
          await store[Symbol.asyncDispose]()
          open--
        },
      } as typeof store
    },
  })
  await access.books()
  fail(new CausewayError('STORE_WRITE_FAILED', 'no space'))
  nowMs += 10_000
  const all = [access.books(), access.books()]
  await new Promise(setImmediate)
  // While it is being opened, and as late.
  nowMs += 60_000
  all.push(access.books())
  const [one, ...others] = await Promise.all(all)
  for (const other of others) assert.equal(other, one)
  assert.deepEqual([open, opened, access.problem], [1, 2, null])
  fail(new CausewayError('STORE_WRITE_FAILED', 'no space'))
  nowMs += 10_000
  const late = access.books()
  await access[Symbol.asyncDispose]()
  await assert.rejects(late, { code: 'API_NOT_READY' })
  assert.equal(open, 0, 'who waited does not open it behind the end')
})

test('of a user the oldest sessions end when there are too many, and of the log the oldest entries', async () => {
  let nowMs = 1_000_000
  const rows = new Map<string, string>()
  const access = openAccess(() => nowMs++, rows)
  const { users, sessions, audit } = await access.books()
  const names = Array.from({ length: 10 }, (_, at) => `user${at}`)
  for (const name of names) await users.add({ name, role: 'admin', password })
  const opened: string[] = []
  const user = users.find('user0') as KeptUser
  for (let at = 0; at < 20; at++) opened.push((await sessions.open(user, '10.1.0.1')).token)
  assert.equal(sessions.list().length, 16)
  assert.equal(sessions.find(opened[0]!), null)
  assert.notEqual(sessions.find(opened.at(-1)!), null)
  for (const name of names) {
    for (let at = 0; at < 16; at++) await sessions.open(users.find(name)!, '10.1.0.2')
  }
  assert.equal(sessions.list().length, 128)
  const event = { who: 'ada', what: 'POST /x', target: '', from: '10.1.0.1', code: null }
  for (let at = 0; at < 1_200; at++) audit.done(event)
  for (let at = 0; at < 1_200; at++) audit.tried({ ...event, who: 'stranger' })
  const numbers: number[] = []
  let done = 0
  for (let before: number | null = null; ; ) {
    const page = audit.page(before)
    if (page.length === 0) break
    done += page.filter(({ who }) => who === 'ada').length
    numbers.push(...page.map(({ number }) => number))
    before = page.at(-1)!.number
  }
  assert.equal(done, 1_000, 'what strangers try drives nothing out')
  assert.ok(numbers.length > 1_000 && numbers.length <= 1_500, String(numbers.length))
  await access[Symbol.asyncDispose]()
  const again = openAccess(() => nowMs, rows)
  assert.deepEqual((await again.books()).audit.page(null)[0]!.number, numbers[0], 'and it is kept')
  assert.ok([...rows.keys()].length < 3_200)
  await again[Symbol.asyncDispose]()
})

test('a session of a clock that was wrong does not hold for ever', async () => {
  const rows = new Map<string, string>()
  const wrongMs = Date.UTC(2040, 0, 1)
  const ahead = openAccess(() => wrongMs, rows)
  const books = await ahead.books()
  await books.users.add({ name: 'ada', role: 'admin', password })
  const { token } = await books.sessions.open(books.users.find('ada')!, '10.1.0.1')
  await ahead[Symbol.asyncDispose]()
  const right = openAccess(() => Date.UTC(2026, 0, 1), rows)
  assert.equal((await right.books()).sessions.find(token), null)
  await right[Symbol.asyncDispose]()
})

test('who may use a box goes with its reset', async (t) => {
  const box = await openBox(t)
  await makePrivateFolder(box.places.storeFolder)
  await orderReset(box.places)
  assert.ok(await resetIfOrdered(box.places))
  await assert.rejects(stat(box.places.storeFolder), { code: 'ENOENT' })
})

test('a password is taken whole, however many bytes its characters have', async () => {
  const passwords = openPasswords(1)
  const long = '🔑'.repeat(256)
  const kept = await passwords.keep(long)
  assert.ok(Check(SignIn, { name: 'ada', password: long }) && Check(Password, long))
  assert.ok(!Check(SignIn, { name: 'ada', password: `${long}x` }) && !Check(Password, `${long}x`))
  assert.ok(await passwords.isRight(long, kept))
  assert.ok(!(await passwords.isRight(`${'🔑'.repeat(255)}🗝`, kept)))
})

test('a password is looked at one at a time, few wait, and more are told to come again', async () => {
  const passwords = openPasswords(1)
  const kept = await passwords.keep(password)
  assert.ok(await passwords.isRight(password, kept))
  assert.ok(!(await passwords.isRight(`${password}!`, kept)))
  assert.ok(!(await passwords.isRight(password, null)))
  assert.notEqual((await passwords.keep(password)).hash, kept.hash, 'a salt of its own')
  const many = await Promise.allSettled(
    Array.from({ length: 40 }, () => passwords.isRight(password, kept)),
  )
  const refused = many.filter(({ status }) => status === 'rejected')
  assert.equal(refused.length, 7)
})
