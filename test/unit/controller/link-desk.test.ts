/** A controller's side of links, against boxes and people who do what they should not, or at the wrong moment. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newWorld } from '../gateway/controller-link-world.ts'

test('what another tenant once had a box told is not sent to it', async () => {
  await using world = await newWorld()
  const key = `edge/${world.deviceId}`
  const edge = JSON.parse((await world.store.get(key))!.value) as object
  const moved = { key, value: JSON.stringify({ ...edge, tenant: 'other' }) }
  await world.store.commit({ conditions: [], changes: [moved] })
  world.start()
  await world.until('a welcome', () => world.sent.includes('welcome'))
  const { value } = (await world.store.get(`config/${world.deviceId}`))!
  // Once more, so that the watch tells of it.
  const again = { key: `config/${world.deviceId}`, value }
  await world.store.commit({ conditions: [], changes: [again] })
  await world.until('its place in the list', () => world.desk.attached.length === 1)
  for (let round = 0; round < 20; round++) await new Promise((passed) => setImmediate(passed))
  assert.deepEqual(world.sent, ['welcome'])
})
