/** A box that ran a configuration of its owner's, and has lost the record of it, is sent that one again, and nothing older. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { signJws } from '../../../firmware/wire/jws.ts'
import { newWorld, voice } from './controller-link-world.ts'

test('what ran here, and of which the record is lost, comes again, once, and nothing older does', async () => {
  await using world = await newWorld()
  for (const latency of [100, 110]) await world.publish(voice(latency))
  const { config } = await world.published()
  world.start({ floor: 3 })
  await world.confirmedBy(1)
  const older = {
    version: 1,
    deviceId: world.deviceId,
    revision: 2,
    config: { ...config, revision: 2 },
  }
  const jws = await signJws('causeway-config', older, world.authority.privateKey)
  world.links!.controller.send(JSON.stringify({ kind: 'config', revision: 2, jws }))
  await world.awhile('it is refused', async () => {
    return (await world.appliedRecord())?.code === 'ZTP_CONFIG_OLD'
  })
  world.links!.cut()
  await world.clock.advance(10_000)
  await world.until('the link is back', () => world.sent.at(-1) === 'welcome')
  await world.clock.advance(60_000)
  assert.deepEqual([world.applied, world.confirmed], [[[3, 120]], [3]])
})

test('what came again and is refused now is not sent once more', async () => {
  await using world = await newWorld()
  world.failure = new CausewayError('CONFIG_UPLINK_UNKNOWN', 'no such uplink')
  world.start({ floor: 1 })
  await world.answered(1)
  for (let count = 0; count < 3; count++) {
    world.links!.cut()
    const sent = world.sent.length
    await world.clock.advance(30_000)
    await world.until('the link is back', () => world.sent.length > sent)
  }
  assert.deepEqual(world.sent, ['welcome', 'config', 'welcome', 'welcome', 'welcome'])
})
