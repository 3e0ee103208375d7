/** A controller that runs for years shows a certificate that is good: the one that ends soon is made anew while it runs. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { openController } from '../../../firmware/controller/controller.ts'
import { openOwner } from '../../../firmware/controller/owner.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'

const dayMs = 86_400_000
const silent = { info: () => {}, warn: () => {}, error: () => {} }

async function shownAt(port: number): Promise<Date> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { validToDate } = socket.getPeerX509Certificate()!
  socket.destroy()
  return validToDate
}

test('one that ends while it looks for a new certificate leaves no timer behind', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-certificate-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const clock = virtualClock()
  const owner = await openOwner(folder, ['127.0.0.1'], Date.now())
  const looked = Promise.withResolvers<void>()
  const found = Promise.withResolvers<typeof owner.server>()
  const serverAt = (): Promise<typeof owner.server> => {
    looked.resolve()
    return found.promise
  }
  const controller = await openController({
    ...{ store: await openStore(memoryTable()), owner: { ...owner, serverAt }, clock },
    ...{ wallMs: Date.now, random: randomBytes, log: silent, host: '127.0.0.1', port: 0 },
    firmwareFolder: join(folder, 'firmware'),
  })
  const passed = clock.advance(dayMs)
  await looked.promise
  const ended = controller[Symbol.asyncDispose]()
  found.resolve(owner.server)
  await Promise.all([ended, passed])
  assert.equal(clock.pending(), 0)
})

test('its certificate is renewed a month before it ends, without a restart', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-certificate-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const clock = virtualClock()
  let nowMs = Date.now()
  const owner = await openOwner(folder, ['127.0.0.1'], nowMs)
  await using controller = await openController({
    ...{ store: await openStore(memoryTable()), owner, clock, wallMs: () => nowMs },
    ...{ random: randomBytes, log: silent, host: '127.0.0.1', port: 0 },
    firmwareFolder: join(folder, 'firmware'),
  })
  const { port } = controller.api
  const first = await shownAt(port)
  nowMs += 300 * dayMs
  await clock.advance(dayMs + 1)
  assert.deepEqual(await shownAt(port), first)
  nowMs += 70 * dayMs
  const deadlineMs = performance.now() + 5_000
  let second = first
  while (second.getTime() === first.getTime() && performance.now() < deadlineMs) {
    // Looked at once a day; a look takes its own time.
    await clock.advance(dayMs)
    second = await shownAt(port)
  }
  assert.ok(second.getTime() > nowMs + 300 * dayMs, second.toISOString())
})
