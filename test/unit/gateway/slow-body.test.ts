/** A body that never ends: how long it holds a connection of the page. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openGate } from '../../../firmware/gateway/api/gate.ts'
import { LanApi } from '../../../firmware/gateway/api/lan-api.ts'
import { ownNames } from '../../../firmware/gateway/api/origin.ts'
import { openCertificate } from '../../../firmware/host/system/certificate.ts'
import { freePort } from './lan-world.ts'
import { openAccess } from './sample-access.ts'

const root = await mkdtemp(join(tmpdir(), 'cwgw-'))
after(() => rm(root, { recursive: true }))
const names = ownNames(['127.0.0.1'], null, null)

test('a body that comes drop by drop does not hold a connection, but for a file of those who may', async () => {
  const port = await freePort()
  const late: (() => void)[] = []
  const clock = {
    nowMs: () => 0,
    after: (_delayMs: number, run: () => void) => {
      late.push(run)
      return () => {
        const at = late.indexOf(run)
        if (at >= 0) late.splice(at, 1)
      }
    },
  }
  const entered = Promise.withResolvers<void>()
  const route = { method: 'POST', needs: 'anybody', summary: 'For the test.' } as const
  const answer = { type: 'object' }
  const api = new LanApi({
    ...{ clock, port, plainPort: null, pages: async () => [] },
    gate: openGate({ access: openAccess(), clock, isStatusOpen: () => false }),
    routes: [
      { ...route, ...{ url: '/body', body: answer, answer, handle: () => ({ body: {} }) } },
      {
        ...route,
        ...{ url: '/closed', needs: 'config.write' as const, uploadMaxBytes: 1_000 },
        answer,
        handle: () => ({ body: {} }),
      },
      {
        ...{ ...route, url: '/file', uploadMaxBytes: 1_000, answer },
        handle: async ({ upload }) => {
          entered.resolve()
          let bytes = 0
          for await (const chunk of upload!.chunks) bytes += chunk.length
          return { body: { bytes } }
        },
      },
    ],
    certificate: (address) => openCertificate(join(root, 'keys/six.pem'), [address], Date.now()),
    onFault: (error) => assert.fail(String(error)),
  })
  await api.listen(['127.0.0.1'], names)
  const send = (path: string, type: string) => {
    const ended = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<number>()
    const asked = request(
      {
        ...{ host: '127.0.0.1', port, path, method: 'POST', agent: new Agent({ keepAlive: true }) },
        headers: { 'content-type': type, 'content-length': '20' },
        rejectUnauthorized: false,
      },
      (response) => {
        response.resume()
        answered.resolve(response.statusCode ?? 0)
      },
    )
    asked.on('error', () => {})
    asked.on('close', () => ended.resolve())
    asked.write('{')
    return { asked, ended: ended.promise, answered: answered.promise }
  }
  const isLate = async (): Promise<void> => {
    while (late.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    for (const run of late.splice(0)) run()
  }
  const slow = send('/body', 'application/json')
  await isLate()
  await slow.ended
  const refused = send('/closed', 'application/octet-stream')
  const socket = new Promise<Socket>((resolve) => refused.asked.once('socket', resolve))
  assert.equal(await refused.answered, 401)
  const closed = new Promise<void>((resolve) => {
    void socket.then((one) => (one.destroyed ? resolve() : one.once('close', () => resolve())))
  })
  await isLate()
  await closed
  const file = send('/file', 'application/octet-stream')
  await entered.promise
  assert.equal(late.length, 0, 'who may send a file has its time')
  file.asked.end('x'.repeat(19))
  assert.equal(await file.answered, 200)
  file.asked.destroy()
  await api[Symbol.asyncDispose]()
})
