/** The pages of the web UI by HTTPS: what is sent with them, what is never sent, and that a page loads whole at once. */
import assert from 'node:assert/strict'
import { get } from 'node:http'
import { Agent } from 'node:https'
import { type TestContext, test } from 'node:test'
import { connect } from 'node:tls'
import { accessRoutes } from '../../../firmware/gateway/api/access-routes.ts'
import { securityHeaders } from '../../../firmware/gateway/api/page-routes.ts'
import type { Page } from '../../../firmware/host/web/pages.ts'
import { freePort, openLanWorld } from './lan-world.ts'

const page = (url: string, text: string, isImmutable = false): Page => ({
  ...{ url, type: 'text/html; charset=utf-8', etag: `"${text}"`, isImmutable },
  bodies: { identity: Buffer.from(text), br: Buffer.from(`br ${text}`) },
})
const assets = Array.from({ length: 40 }, (_, at) => page(`/assets/a-${at}xxxxxxx.js`, 'x', true))
const open = (context: TestContext, plainPort?: number) =>
  openLanWorld(context, {
    routes: accessRoutes,
    pages: [page('/', 'index'), ...assets],
    ...(plainPort === undefined ? {} : { plainPort }),
  })

test('a page is sent compressed, with a tag by which it is not sent again, as long as its name says', async (t) => {
  const world = await open(t)
  const plain = await world.ask('/')
  assert.deepEqual([plain.status, plain.text], [200, 'index'])
  assert.equal(plain.headers['cache-control'], 'no-cache')
  const small = await world.ask('/', { headers: { 'accept-encoding': 'gzip, br' } })
  assert.deepEqual([small.text, small.headers['content-encoding']], ['br index', 'br'])
  const known = await world.ask('/', { headers: { 'if-none-match': String(plain.headers.etag) } })
  assert.deepEqual([known.status, known.text], [304, ''])
  const asset = await world.ask(assets[0]!.url)
  assert.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable')
})

test('every answer says that nothing foreign is loaded, framed or told: pages, API, refusals', async (t) => {
  const world = await open(t)
  const answers = [
    await world.ask('/'),
    await world.ask('/api/v1/session'),
    await world.ask('/api/v1/users'),
    await world.ask('/nothing'),
    await world.ask('/%'),
    await world.ask('/', { headers: { host: 'evil.example' } }),
  ]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 401, 404, 400, 421],
  )
  for (const { headers, status } of answers) {
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (name === 'cache-control' && status === 200) continue
      assert.equal(headers[name], value, `${status} ${name}`)
    }
    assert.equal(headers['strict-transport-security'], undefined)
  }
  assert.equal(answers[1]!.headers['cache-control'], 'no-store')
})

test('no path leads anywhere but to a page', async (t) => {
  const world = await open(t)
  for (const path of [
    ...['/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/assets/../../run.ts', '/..%2f..%2fetc'],
    ...[
      '/assets/%2e%2e%5c%2e%2e',
      '//etc/passwd',
      '/etc/passwd',
      '/%00',
      '/index.html/',
      '/assets/',
    ],
    ...['/assets/a-0xxxxxxx.js%00.html', '/./', '/%c0%ae%c0%ae/', '/.git/config', '/assets/*'],
    '/api/v1/../../etc/passwd',
  ]) {
    // As it stands: node's own client would not mend it.
    const answer = await raw(world.port, `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${world.port}`)
    assert.match(answer, /^HTTP\/1\.1 (400|404) /, path)
    assert.doesNotMatch(answer, /root:|index$/, path)
  }
})

test('requests that two servers could read differently, and headers without end, are refused', async (t) => {
  const world = await open(t)
  const host = `host: 127.0.0.1:${world.port}`
  for (const head of [
    `POST /api/v1/sign-in HTTP/1.1\r\n${host}\r\ncontent-length: 2\r\ntransfer-encoding: chunked`,
    `GET / HTTP/1.1\r\n${host}\r\ncookie: ${'x'.repeat(20_000)}`,
    `GET / HTTP/1.1`,
    `GET / HTTP/1.1\r\n${host}\r\ncontent-length: 5\r\ncontent-length: 6`,
    `TRACE / HTTP/1.1\r\n${host}`,
    `CONNECT 10.0.0.1:22 HTTP/1.1\r\n${host}`,
    `GET http://evil.example/ HTTP/1.1\r\nhost: evil.example`,
  ]) {
    const answer = await raw(world.port, head)
    assert.match(answer, /^(HTTP\/1\.1 (400|404|413|421|431) |$)/, head.slice(0, 60))
  }
})

test('a page and forty of its parts load at once, also when somebody has just loaded another', async (t) => {
  const world = await open(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 6 })
  for (let load = 0; load < 3; load++) {
    const loaded = await Promise.all(assets.map(({ url }) => world.ask(url, { agent })))
    assert.ok(loaded.every(({ status }) => status === 200))
  }
  agent.destroy()
})

test('one who asks without end is told to wait, and others are served', async (t) => {
  const world = await open(t)
  const as = await world.be('viewer')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const statuses: number[] = []
  for (let at = 0; at < 200; at++) {
    statuses.push((await world.ask('/api/v1/session', { agent })).status)
  }
  assert.equal(statuses.filter((status) => status === 429).length > 20, true)
  const other = new Agent({ localAddress: '127.0.0.9' })
  assert.equal((await world.ask('/', { agent: other })).status, 200)
  assert.equal((await world.ask('/api/v1/session', { as })).status, 200, 'who is signed in')
  agent.destroy()
  other.destroy()
})

test('plain HTTP leads to the page, whatever is asked, and says nothing again', async (t) => {
  const plainPort = await freePort()
  await open(t, plainPort)
  const url = `http://127.0.0.1:${plainPort}/a?b=%0d%0aset-cookie:x`
  const [status, headers] = await new Promise<[number, Record<string, unknown>]>(
    (resolve, reject) =>
      get(url, { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume()
        resolve([answer.statusCode ?? 0, answer.headers])
      }).on('error', reject),
  )
  assert.deepEqual([status, headers.location], [307, 'https://127.0.0.1/'])
})

/** What comes back for a request that is written by hand. */
function raw(port: number, head: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      socket.write(`${head}\r\nconnection: close\r\n\r\n`)
    })
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    socket.on('error', () => resolve(text))
    socket.on('close', () => resolve(text))
  })
}
