/** Where no server answers: nothing gets through, unless a session does. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { openNat } from '../../../firmware/gateway/nat/nat.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { natText } from '../../../firmware/plan/nat-status.ts'
import { createWorld } from '../../sim/session-world.ts'
import { sampleConfig } from '../model/sample-config.ts'

const randomOf = (bytes: number) => Uint8Array.from(randomBytes(bytes))

test('a hub that answers no STUN is no wall while a session with it runs over the uplink', async () => {
  const { clock, network } = createWorld(1)
  const reached = new Set<string>()
  const bindUdp = async (local: { address: string; port: number }) => network.bind(local)
  const isReached = (uplink: string, family: number) => reached.has(`${uplink} ${family}`)
  using nat = openNat({ clock, random: randomOf, bindUdp, isReached })
  const socket = network.bind({ address: '192.0.2.2', port: 51_820 })
  const overlay = [{ name: 'wan0', socket }]
  const config = sampleConfig() as DeviceConfig
  nat.configure({ overlay, otherOverlay: [], stun: [], retire: async () => undefined }, config)
  await clock.advance(1_500)
  assert.deepEqual([nat.readings()[0]?.isBlocked, nat.readings()[0]?.answered], [true, []])
  reached.add('wan0 6')
  assert.equal(nat.readings()[0]?.isBlocked, true)
  reached.add('wan0 4')
  const [reading] = nat.readings()
  assert.equal(reading?.isBlocked, false)
  assert.match(
    natText(reading!),
    /STUN is not answered by 198\.51\.100\.7: has it overlay\.relay\?$/,
  )
})
