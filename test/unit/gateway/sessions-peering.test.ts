/** What becomes of sessions when the device configuration changes: who is told to go, who goes on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Peering } from '../../../firmware/gateway/peering.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { encodeWireKey } from '../../../firmware/model/wire-key.ts'
import {
  addBox,
  agree,
  type Box,
  bootDatapath,
  configure,
  createWorld,
  noNat,
  noRecord,
  numbersOf,
  peerOf,
  programOf,
  type World,
} from '../../sim/session-world.ts'
import { sampleConfig } from '../model/sample-config.ts'

const rekeySeconds = 120

function peeringOf({ clock, randomBytes }: World, box: Box): Peering {
  return new Peering({
    clock,
    random: randomBytes,
    log: { info: () => {}, warn: () => {} },
    wireKey: box.wireKey,
    bindUdp: async () => box.socket,
    numbers: numbersOf(box),
    nat: noNat,
    whereaboutsRecord: noRecord,
    onSpeed: () => {},
  })
}

function configOf({ tenant }: World, box: Box, peers: readonly Box[]): DeviceConfig {
  const sample: DeviceConfig = sampleConfig()
  return {
    ...sample,
    tenant: Buffer.from(tenant)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    overlay: { port: box.local.port, rekeySeconds },
    uplinks: [{ ...sample.uplinks[0]!, address: [`${box.local.address}/24`] }],
    peers: peers.map(({ name, wireKey, local }) => ({
      name,
      wireKey: encodeWireKey(wireKey.publicKey),
      endpoints: [`${local.address}:${local.port}`],
      segments: {},
    })),
  }
}

const uplinkOf = ({ local }: Box) => [{ name: 'wan0', addresses: [`${local.address}/24`] }]

/** Three boxes, of which a has a peering; b and c wait for it. */
async function three(world: World): Promise<readonly [Box, Box, Box, Peering]> {
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  const c = addBox(world, 'c', '203.0.113.1')
  for (const box of [b, c]) await configure(box, [peerOf(a, { endpoints: [] })])
  return [a, b, c, peeringOf(world, a)]
}

const closed = (...boxes: Box[]) =>
  boxes.map(({ sessions }) => sessions.status()[0]!.failures.closed)

test('a datapath that is busy costs a try and no more, at the start and after a change', async () => {
  const world = createWorld(60)
  const [a, b, , peering] = await three(world)
  const config = configOf(world, a, [b])
  for (let round = 0; round < 3; round++) {
    const { datapath } = a
    const { keypairs } = datapath
    datapath.keypairs = async () => {
      throw new CausewayError('DATAPATH_BUSY', 'as the test wants it')
    }
    await assert.rejects(peering.configure(config, uplinkOf(a), datapath), {
      code: 'DATAPATH_BUSY',
    })
    datapath.keypairs = keypairs
    await peering.configure(config, uplinkOf(a), datapath)
    await world.clock.advance(2_000)
    assert.ok(await agree(world, a, b), `round ${round}`)
    datapath.kill('gone')
    a.datapath = bootDatapath(world, a)
  }
})

test('a peer that the next configuration lacks is told, the others go on', async () => {
  const world = createWorld(61)
  const [a, b, c, peering] = await three(world)
  await a.datapath.load(programOf(1, [b, c]))
  await peering.configure(configOf(world, a, [b, c]), uplinkOf(a), a.datapath)
  await world.clock.advance(2_000)
  const before = peering.status()[0]!
  const next = configOf(world, a, [b])
  await peering.leave(next)
  await a.datapath.load(programOf(2, [b]))
  await peering.configure(next, uplinkOf(a), a.datapath)
  await world.clock.advance(100)
  assert.deepEqual(closed(b, c), [0, 1])
  const [after] = peering.status()
  assert.equal(after!.localIndex, before.localIndex)
})

test('with another tenant every peer is told, with other intervals none', async () => {
  const world = createWorld(62)
  const [a, b, c, peering] = await three(world)
  const config = configOf(world, a, [b, c])
  await peering.leave(config)
  await peering.configure(config, uplinkOf(a), a.datapath)
  await world.clock.advance(2_000)
  const slower = { ...config, overlay: { ...config.overlay, rekeySeconds: rekeySeconds / 2 } }
  await peering.leave(slower)
  await peering.configure(slower, uplinkOf(a), a.datapath)
  await world.clock.advance(100)
  assert.deepEqual(closed(b, c), [0, 0])
  await peering.leave({ ...slower, tenant: '8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11' })
  await world.clock.advance(100)
  assert.deepEqual(closed(b, c), [1, 1])
  assert.deepEqual(await a.datapath.keypairs(), [])
})
