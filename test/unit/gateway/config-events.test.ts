/** What the stream of events tells of a change of configuration. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askApi, followApi } from '../../../firmware/host/system/api-client.ts'
import type { ApiEvent } from '../../../firmware/model/local-api-event.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { type Box, openBox, until } from './box.ts'

const textOf = (revision: number): string => JSON.stringify({ ...sampleConfig(), revision })
const post = (box: Box, verb: string, body: object = {}): Promise<string> =>
  askApi(box.places.apiSocket, `/api/v1/config/${verb}`, { post: body })

test('events tell of a change what happened, once each, and nothing of one that never began', async (t) => {
  const box = await openBox(t)
  await box.write(textOf(42))
  await box.start()
  await box.line('gateway ready')
  const events: ApiEvent[] = []
  const followed = followApi(box.places.apiSocket, '/api/v1/events', (data) =>
    events.push(JSON.parse(data) as ApiEvent),
  )
  await until(() => (events.length > 0 ? true : null))
  await post(box, 'apply', { text: textOf(43), confirmSeconds: 0 })
  await box.write(textOf(50))
  const refused = post(box, 'apply', { text: textOf(60), confirmSeconds: 60 })
  await assert.rejects(refused, { code: 'CONFIG_CONFLICT' })
  await box.write(textOf(43))
  await post(box, 'apply', { text: textOf(61), confirmSeconds: 60 })
  await post(box, 'rollback')
  await box.stop()
  await followed
  const changes = events.filter((event) => event.kind === 'change')
  const code = 'CONFIG_UNCONFIRMED'
  const reason = { code, message: 'somebody took it back' }
  const remainingSeconds = changes.find(({ step }) => step === 'in-place')?.remainingSeconds ?? 0
  assert.ok(remainingSeconds > 0)
  assert.deepEqual(changes, [
    { kind: 'change', revision: 43, step: 'begun' },
    { kind: 'change', revision: 43, step: 'confirmed' },
    { kind: 'change', revision: 61, step: 'begun' },
    { kind: 'change', revision: 61, step: 'in-place', remainingSeconds },
    { kind: 'change', revision: 61, step: 'taken-back', reason },
  ])
  const revisions = events.filter((event) => event.kind === 'config').map((one) => one.revision)
  assert.ok(!revisions.includes(61), 'what is tried has events of its own')
})
