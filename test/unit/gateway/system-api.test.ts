/** The machine by the API of a whole box: what it says, what it refuses, a backup there and back, an upload in pieces. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { Compile } from 'typebox/schema'
import { openApi } from '../../../firmware/gateway/api/api.ts'
import { Firmware } from '../../../firmware/gateway/firmware.ts'
import { fakeSlots } from '../../../firmware/host/slots/fake.ts'
import { noSlots } from '../../../firmware/host/slots/none.ts'
import type { Slots, Upload } from '../../../firmware/host/slots/slots.ts'
import { askApi } from '../../../firmware/host/system/api-client.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { HistoryOfBox, HistoryOfName } from '../../../firmware/model/local-api-history.ts'
import { RecentEventsAnswer } from '../../../firmware/model/local-api-recent.ts'
import { SystemAnswer } from '../../../firmware/model/local-api-system.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { sampleBefore } from '../plan/sample-slot.ts'
import { openBox, until } from './box.ts'
import { noChanges } from './sample-answers.ts'
import { nothingElse } from './sample-system.ts'
import { rootOf } from './temporary.ts'

const passphrase = 'correct horse battery'
const textOf = (revision: number): string => JSON.stringify({ ...sampleConfig(), revision })

interface Answered {
  readonly status: number
  readonly body: Buffer
}

/** @param bytes sent as a file, in pieces; none: JSON */
function post(
  socketPath: string,
  path: string,
  bytes: Buffer | null,
  body = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const type = bytes === null ? 'application/json' : 'application/octet-stream'
    const headers = { 'content-type': type }
    const asked = request({ socketPath, path, method: 'POST', headers, agent: false }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => resolve({ status: answer.statusCode!, body: Buffer.concat(chunks) }))
    })
    // Who is refused may find the door shut while it still talks.
    asked.on('error', reject)
    if (bytes === null) asked.end(JSON.stringify(body))
    else
      for (let at = 0; at < bytes.length; at += 30_000) asked.write(bytes.subarray(at, at + 30_000))
    if (bytes !== null) asked.end()
  })
}

test('the box says how it is and how it was, in the form that is documented', async (t) => {
  const box = await openBox(t)
  await box.write(textOf(42))
  await box.start()
  await box.line('gateway ready')
  const ask = async (path: string): Promise<unknown> =>
    JSON.parse(await askApi(box.places.apiSocket, `/api/v1/${path}`))
  const known = await until(async () => {
    const answer = (await ask('history/box/minutes')) as {
      figures: { healthyRatio: { mean: unknown[] } }
    }
    return answer.figures.healthyRatio.mean.some((value) => value !== null) ? answer : null
  })
  assert.ok(Compile(HistoryOfBox).Check(known))
  assert.ok(Compile(HistoryOfName).Check(await ask('history/uplinks/wan0/hour-3')))
  assert.ok(Compile(HistoryOfName).Check(await ask('history/peers/hub-1/minutes')))
  assert.ok(Compile(RecentEventsAnswer).Check(await ask('events/recent')))
  const system = await ask('system')
  assert.ok(Compile(SystemAnswer).Check(system), JSON.stringify(system))
  assert.deepEqual(await ask('slots'), { isSupported: false, slots: [], install: null })
  for (const path of [
    'history/uplinks/wan0/year',
    'history/uplinks/wan0/hour-0',
    'history/box/minutes-1',
  ]) {
    await assert.rejects(ask(path), { code: 'API_INVALID' }, path)
  }
  await assert.rejects(ask('history/uplinks/wan9/hour'), { code: 'API_NOT_FOUND' })
})

test('however many ask what a program is run for, it is run once', async (t) => {
  const box = await openBox(t)
  await box.write(textOf(42))
  await box.start()
  await box.line('gateway ready')
  const ask = (path: string) => askApi(box.places.apiSocket, `/api/v1/${path}`)
  await Promise.all(Array.from({ length: 10 }, () => [ask('system'), ask('flows')]).flat())
  assert.equal(box.host.clockLooks, 1)
  const runs = box.machine.tools.calls.filter(([program]) => program === 'conntrack')
  assert.equal(runs.length, 1)
})

test('a machine that is no appliance is not started anew; its gateway is', async (t) => {
  const box = await openBox(t)
  await box.write(textOf(42))
  await box.start()
  const ask = (what: string) =>
    askApi(box.places.apiSocket, '/api/v1/system/restart', { post: { what } })
  await assert.rejects(ask('machine'), { code: 'HOST_NO_APPLIANCE' })
  await assert.rejects(ask('world'), { code: 'API_INVALID' })
  assert.deepEqual(box.host.restarts, [])
  await ask('gateway')
  assert.deepEqual(box.host.restarts, ['gateway'])
})

test('a backup comes as a file, and is restored as a change that waits for its confirm', async (t) => {
  const box = await openBox(t)
  await box.write(textOf(42))
  await box.start()
  await box.line('gateway ready')
  const { apiSocket } = box.places
  const made = await post(apiSocket, '/api/v1/backup', null, { passphrase, withIdentity: false })
  assert.equal(made.status, 200)
  const file = made.body.toString('base64')
  const short = post(apiSocket, '/api/v1/backup', null, {
    passphrase: 'short',
    withIdentity: false,
  })
  assert.equal((await short).status, 400)
  const request = { passphrase, file, withUsers: false, withIdentity: false, confirmSeconds: 60 }
  const answer = await askApi(apiSocket, '/api/v1/backup/restore', {
    post: request,
    timeoutMs: 20_000,
  })
  assert.equal((JSON.parse(answer) as { revision: number }).revision, 43)
  await askApi(apiSocket, '/api/v1/config/confirm', { post: {} })
  const { revision } = JSON.parse(await askApi(apiSocket, '/api/v1/config')) as { revision: number }
  assert.equal(revision, 43)
})

/** The route that takes updates; any other fails the test. */
function serveInstall(socketPath: string, slots: Slots): Promise<AsyncDisposable> {
  const fail = () => assert.fail()
  const firmware = new Firmware({
    ...{ slots, before: () => sampleBefore },
    ...{ onNews: fail, onFault: fail },
  })
  const install = (upload: Upload) => firmware.install(upload)
  return openApi({
    socketPath,
    ...{ status: fail, drops: fail, paths: fail, metrics: fail, sessions: fail, denials: fail },
    ...{ explain: fail, subscribe: fail, ...nothingElse },
    config: noChanges,
    system: {
      ...nothingElse.system,
      firmware: { show: fail, install, markGood: fail, rollBack: fail },
    },
    onFault: (error) => assert.fail(String(error)),
  })
}

test('an update that is refused half-way is answered, though its sender still sends', async (t) => {
  const socketPath = `${await rootOf(t)}/api.sock`
  await using _ = await serveInstall(socketPath, {
    ...fakeSlots('0.1.0'),
    install: async ({ chunks }) => {
      for await (const _ of chunks) throw new CausewayError('UPDATE_NO_ROOM', 'the disk is full')
    },
  })
  const large = Buffer.alloc(8_000_000)
  const file = { bytes: large.length, open: () => Readable.from(pieces(large)) }
  const sent = askApi(socketPath, '/api/v1/slots/install', { file })
  await assert.rejects(sent, { code: 'UPDATE_NO_ROOM' })
})

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 30_000) yield bytes.subarray(at, at + 30_000)
}

test('what became of an update is an event, in words too, and a line of the log', async (t) => {
  const box = await openBox(t)
  const news = { version: '0.2.0', isProven: false, reason: 'it did not prove itself: x' }
  Object.assign(box.host, { slots: { ...noSlots(), news: async () => news } })
  await box.write(textOf(42))
  await box.start()
  const { detail } = await box.line('went back from firmware')
  assert.equal(detail, '0.2.0: it did not prove itself: x')
  const body = await askApi(box.places.apiSocket, '/api/v1/events/recent')
  const { events } = JSON.parse(body) as RecentEventsAnswer
  const told = events.find(({ sentence }) => sentence.startsWith('went back'))
  assert.deepEqual(
    [told?.kind, told?.severity, told?.sentence],
    ['box', 'bad', 'went back from firmware 0.2.0: it did not prove itself: x'],
  )
})

test('an update comes in pieces, and no other route takes such a body', async (t) => {
  const socketPath = `${await rootOf(t)}/api.sock`
  await using _ = await serveInstall(socketPath, fakeSlots('0.1.0'))
  const update = Buffer.concat([Buffer.from('causeway 0.2.0\n'), Buffer.alloc(500_000)])
  const taken = await post(socketPath, '/api/v1/slots/install', update)
  assert.equal(taken.status, 200)
  const { install } = JSON.parse(taken.body.toString()) as {
    install: { phase: string; bytes: number }
  }
  assert.deepEqual([install.phase, install.bytes], ['done', update.length])
  const json = await post(socketPath, '/api/v1/slots/install', null, { version: 1 })
  assert.ok(json.status >= 400 && json.status < 500, `${json.status}`)
  const announced = (headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const path = '/api/v1/slots/install'
      const options = { socketPath, path, headers, method: 'POST', agent: false }
      const asked = request(options, (answer) => {
        resolve(answer.statusCode!)
        asked.destroy()
      })
      asked.on('error', reject)
      if (headers['content-length'] === undefined) asked.end()
      else asked.flushHeaders()
    })
  assert.equal(await announced({}), 400)
  const type = 'application/octet-stream'
  assert.equal(await announced({ 'content-type': type, 'content-length': String(2 ** 31) }), 413)
  const elsewhere = await post(socketPath, '/api/v1/backup', Buffer.from('file'))
  assert.ok(elsewhere.status >= 400 && elsewhere.status < 500, `${elsewhere.status}`)
})
