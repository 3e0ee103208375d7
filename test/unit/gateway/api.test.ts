/**
 * The local API against its own OpenAPI document: every route answers in the form that the document promises,
 * refuses what it does not know, and says errors in the one shape.
 */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { Compile } from 'typebox/schema'
import type { OpenApi, Operation } from '../../../firmware/host/api/openapi.ts'
import { askApi, followApi } from '../../../firmware/host/system/api-client.ts'
import { errorTable } from '../../../firmware/model/errors.ts'
import type { ApiEvent } from '../../../firmware/model/local-api-event.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { sampleExplanation } from '../plan/sample-explanation.ts'
import { samplePath } from '../plan/sample-path.ts'
import { type Box, openBox, until } from './box.ts'

interface Said {
  readonly status: number
  readonly type: string
  readonly text: string
}

function say(
  box: Box,
  method: string,
  path: string,
  body?: string,
  contentType = 'application/json',
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': contentType }
    const socketPath = box.places.apiSocket
    const asked = request({ socketPath, path, method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          text,
        }),
      )
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

/** Whether an answer is what its operation promises for its status. */
function check(document: OpenApi, { responses }: Operation, { status, type, text }: Said): void {
  const promised = responses[String(status)]
  assert.ok(
    promised !== undefined,
    `status ${status} is not in the document: ${text.slice(0, 200)}`,
  )
  const content = promised.content[type.split(';')[0]!]
  assert.ok(content !== undefined, `type ${type} is not in the document`)
  if (!type.startsWith('application/json')) return
  const whole = JSON.stringify(content.schema).replaceAll(
    '{"$ref":"#/components/schemas/Error"}',
    JSON.stringify(document.components.schemas.Error),
  )
  const schema = Compile(JSON.parse(whole) as object)
  assert.ok(schema.Check(JSON.parse(text)), `${text.slice(0, 500)} is not as promised`)
}

async function running(t: Parameters<typeof openBox>[0]): Promise<{ box: Box; document: OpenApi }> {
  const box = await openBox(t)
  await box.write(sampleConfig())
  box.datapath!.setPaths([samplePath(), samplePath({ state: 'down', reason: 'deaf', number: 1 })])
  box.datapath!.setExplanation(sampleExplanation())
  await box.start()
  await box.line('gateway ready')
  await until(() => askApi(box.places.apiSocket, '/api/v1/drops').catch(() => null))
  const document = JSON.parse(await askApi(box.places.apiSocket, '/api/v1/openapi.json')) as OpenApi
  return { box, document }
}

const next = JSON.stringify({ ...sampleConfig(), revision: 43 })
/** Bodies that are right, in an order in which they make sense. */
const posts: readonly [path: string, body: string][] = [
  ['/api/v1/config/apply', JSON.stringify({ text: next, confirmSeconds: 60 })],
  ['/api/v1/config/rollback', '{}'],
  ['/api/v1/config/apply', JSON.stringify({ text: next, confirmSeconds: 60 })],
  ['/api/v1/config/confirm', '{}'],
  // Now they are refused, each in its own words.
  ['/api/v1/config/apply', JSON.stringify({ text: next, confirmSeconds: 60 })],
  ['/api/v1/config/apply', JSON.stringify({ text: '{', confirmSeconds: 0 })],
  ['/api/v1/config/confirm', '{}'],
  ['/api/v1/config/rollback', '{}'],
  ['/api/v1/explain', '{"from":"10.1.0.10","to":"10.0.0.5","toPort":443}'],
  ['/api/v1/explain', '{"from":"10.1.0.10","to":"nowhere"}'],
]

test('every route answers as its document promises, good and bad', async (t) => {
  const { box, document } = await running(t)
  for (const [path, operations] of Object.entries(document.paths)) {
    if (operations.get === undefined || path === '/api/v1/events') continue
    check(document, operations.get, await say(box, 'GET', path.replace('{number}', '1')))
    const refused = await say(box, 'GET', `${path.replace('{number}', '1')}?verbose=1`)
    assert.equal(refused.status, 400, path)
    check(document, operations.get, refused)
  }
  const statuses: number[] = []
  for (const [path, body] of posts) {
    const said = await say(box, 'POST', path, body)
    statuses.push(said.status)
    check(document, document.paths[path]!.post!, said)
  }
  assert.deepEqual(statuses, [200, 200, 200, 200, 409, 422, 409, 409, 200, 400])
})

test('the document names only codes that exist, and each under its status', async (t) => {
  const { document } = await running(t)
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  assert.ok(operations.length >= 14)
  for (const { responses } of operations) {
    for (const [status, { description }] of Object.entries(responses)) {
      for (const code of description.match(/\b[A-Z]+_[A-Z_]+\b/g) ?? []) {
        assert.equal(errorTable[code as keyof typeof errorTable].http, Number(status), code)
      }
    }
  }
})

test('what is mistyped, unknown or too much is refused with a pointer, never coerced', async (t) => {
  const { box } = await running(t)
  const bodies: readonly [body: string, status: number, code: string, path?: string][] = [
    ['{"text":"a","confirmSeconds":"5"}', 400, 'API_INVALID', '/confirmSeconds'],
    ['{"text":"a","confirmSeconds":1.5}', 400, 'API_INVALID', '/confirmSeconds'],
    ['{"text":"a","confirmSeconds":121}', 400, 'API_INVALID', '/confirmSeconds'],
    ['{"text":7,"confirmSeconds":5}', 400, 'API_INVALID', '/text'],
    ['{"text":"a","confirmSeconds":5,"force":true}', 400, 'API_INVALID', ''],
    ['{"text":"a"}', 400, 'API_INVALID', ''],
    ['[]', 400, 'API_INVALID', ''],
    ['{', 400, 'API_INVALID'],
    ['', 400, 'API_INVALID'],
    [`{"text":"${'a'.repeat(4 * 1024 * 1024)}"`, 413, 'API_TOO_LARGE'],
  ]
  for (const [body, status, code, path] of bodies) {
    const said = await say(box, 'POST', '/api/v1/config/apply', body)
    const error = JSON.parse(said.text) as { code: string; path?: string }
    assert.deepEqual([said.status, error.code], [status, code], body.slice(0, 50))
    if (path !== undefined) assert.equal(error.path, path, body.slice(0, 50))
  }
  for (const [method, path, body] of [
    ['POST', '/api/v1/config/confirm', '{"really":true}'],
    ['POST', '/api/v1/status', '{}'],
    ['DELETE', '/api/v1/config', undefined],
    ['GET', '/api/v1/config/history/-1', undefined],
    ['GET', '/api/v1/config/history/1e3', undefined],
  ] as const) {
    const said = await say(box, method, path, body)
    assert.match(said.text, /"code":"API_(INVALID|NOT_FOUND)"/, `${method} ${path}`)
  }
  assert.equal((await say(box, 'POST', '/api/v1/config/apply', 'a=1', 'text/plain')).status, 400)
})

test('a flow that cannot be is refused with a pointer to what is wrong of it', async (t) => {
  const { box } = await running(t)
  const flow = { from: '10.1.0.10', to: '10.0.0.5' }
  for (const [change, path] of [
    [{ from: '10.1.0.300' }, '/from'],
    [{ to: '10.1.0.0/24' }, '/to'],
    [{ to: 'fd00::1' }, '/to'],
    [{ to: '224.0.0.5' }, '/to'],
    [{ fromPort: 0 }, '/fromPort'],
    [{ toPort: 65_536 }, '/toPort'],
    [{ toPort: 443, protocol: 'icmp' }, '/toPort'],
    [{ protocol: 300 }, '/protocol'],
    [{ dscp: 64 }, '/dscp'],
    [{ server: 'a b' }, '/server'],
    [{ segment: 'offices' }, '/segment'],
    [{ wings: 2 }, ''],
  ] as const) {
    const body = JSON.stringify({ ...flow, ...change })
    const { status, text } = await say(box, 'POST', '/api/v1/explain', body)
    const error = JSON.parse(text) as { code: string; path: string }
    assert.deepEqual([status, error.code, error.path], [400, 'API_INVALID', path], body)
  }
  const { text } = await say(box, 'POST', '/api/v1/explain', JSON.stringify(flow))
  assert.equal((JSON.parse(text) as { cause: string }).cause, 'forwarded')
})

test('health is 200 or 503, with reasons', async (t) => {
  const { box } = await running(t)
  const { status, text } = await say(box, 'GET', '/api/v1/health')
  assert.equal(status, 503)
  const { problems } = JSON.parse(text) as { problems: string[] }
  assert.match(problems.join(), /2 of 2 peers are not up: hub-1, lisbon/)
})

test('events: first how all is, then what changes; a slow or superfluous client harms nobody', async (t) => {
  const { box } = await running(t)
  const events: ApiEvent[] = []
  const followed = followApi(box.places.apiSocket, '/api/v1/events', (data) =>
    events.push(JSON.parse(data) as ApiEvent),
  )
  await until(() => (events.length > 0 ? true : null))
  assert.equal(events[0]!.kind, 'status')
  await askApi(box.places.apiSocket, '/api/v1/config/apply', {
    post: { text: next, confirmSeconds: 60 },
  })
  await until(() => (events.some(({ kind }) => kind === 'change') ? true : null))
  box.datapath!.tell({
    kind: 'path',
    change: 'best',
    peer: 'hub-1',
    number: 0,
    uplink: 0,
    remoteUplink: 1,
    remoteAddress: '198.51.100.7',
    remotePort: 51820,
    state: 'up',
    reason: 'well',
  })
  const best = await until(() => events.find(({ kind }) => kind === 'best-path') ?? null)
  const place = { peer: 'hub-1', remoteUplink: 1, endpoint: '198.51.100.7:51820' }
  assert.deepEqual(best, { kind: 'best-path', uplink: 'wan0', ...place })
  box.datapath!.kill('crashed')
  await until(() => events.find((event) => event.kind === 'datapath' && !event.isConnected) ?? null)
  const more = Array.from({ length: 20 }, () =>
    followApi(box.places.apiSocket, '/api/v1/events', () => {}).catch(
      (error: { code: string }) => error.code,
    ),
  )
  assert.equal(await Promise.race(more), 'API_BUSY')
  await box.stop()
  await followed
  assert.ok(events.length < 40)
})
