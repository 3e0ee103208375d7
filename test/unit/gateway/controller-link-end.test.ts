/** A box ends while its controller speaks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkProtocol } from '../../../firmware/model/control-link.ts'
import { newWorld, wallMs } from './controller-link-world.ts'

test('what is still on its way when the box ends changes nothing any more', async () => {
  await using world = await newWorld()
  const times: number[] = []
  const box = world.start({ onTime: (nowMs) => void times.push(nowMs) })
  await world.confirmedBy(1)
  const { controller } = world.links!
  const ended = new Promise<unknown>((resolve) => controller.onClose(resolve))
  const late = { kind: 'welcome', protocol: linkProtocol, nowMs: wallMs + 1 }
  controller.send(JSON.stringify(late))
  box[Symbol.dispose]()
  await ended
  assert.deepEqual(times, [wallMs])
})
