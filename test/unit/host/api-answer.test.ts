/** Answers that take their time: in time as they are, too late by a code, and whoever asked keeps the connection. */
import assert from 'node:assert/strict'
import { Agent, get } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import fastify from 'fastify'
import { addRoute, answerErrors } from '../../../firmware/host/api/answer.ts'

const answerMs = 100

test('what is not answered in time gets a code, by the same connection; what fails later harms nobody', async (context) => {
  const faults: Error[] = []
  // A connection that waits for its answer is not idle, however short that limit is.
  const app = fastify({ connectionTimeout: answerMs / 2 })
  answerErrors(app, (error) => faults.push(error))
  const late = Promise.withResolvers<never>()
  const common = { method: 'GET', summary: '', answer: {}, answerMs } as const
  addRoute(app, { ...common, url: '/late', handle: () => late.promise })
  addRoute(app, { ...common, url: '/soon', handle: () => ({ body: 'soon' }) })
  await app.listen({ host: '127.0.0.1', port: 0 })
  context.after(() => app.close())
  const { port } = app.server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  context.after(() => agent.destroy())
  const sockets = new Set<Socket>()
  const ask = (path: string): Promise<[number | undefined, string]> =>
    new Promise((resolve, reject) => {
      const asked = get({ host: '127.0.0.1', port, path, agent }, (answer) => {
        text(answer).then((body) => resolve([answer.statusCode, body]), reject)
      })
      asked.on('error', reject)
      asked.on('socket', (socket) => sockets.add(socket))
    })
  const [status, body] = await ask('/late')
  assert.equal(status, 503)
  assert.deepEqual(JSON.parse(body), { code: 'API_TIMEOUT', message: 'no answer within 0.1 s' })
  late.reject(new Error('much later'))
  assert.deepEqual(await ask('/soon'), [200, 'soon'])
  assert.equal(sockets.size, 1)
  assert.deepEqual(faults, [])
})
