/** Under which uplink's number keypairs are installed when the uplinks are numbered anew meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Keypair } from '../../../firmware/model/program.ts'
import {
  addBox,
  agree,
  type Box,
  configure,
  createWorld,
  peerOf,
  type World,
} from '../../sim/session-world.ts'

interface Pair {
  readonly world: World
  /** Initiates, and answers. */
  readonly a: Box
  readonly b: Box
  /** What both datapaths were given. */
  readonly installs: { readonly box: string; readonly keypair: Keypair }[]
}

/** `a` has sent its initiation and nobody has answered. */
async function underWay(seed: number): Promise<Pair> {
  const world = createWorld(seed)
  const a = addBox(world, 'a', '192.0.2.1')
  const b = addBox(world, 'b', '198.51.100.1')
  const installs: Pair['installs'] = []
  for (const box of [a, b]) {
    const { install } = box.datapath
    box.datapath.install = (keypair) => {
      installs.push({ box: box.name, keypair })
      return install(keypair)
    }
  }
  await configure(b, [peerOf(a, { endpoints: [] })])
  await configure(a, [peerOf(b)])
  while (a.socket.counters().sent === 0) await world.clock.advance(1)
  return { world, a, b, installs }
}

test('a handshake under way is installed under the number that its uplink has then', async () => {
  const { world, a, b, installs } = await underWay(71)
  a.numbers.set('wan0', 2).set('lte0', 1)
  b.numbers.set('wan0', 5)
  await world.clock.advance(1_000)
  assert.ok(await agree(world, a, b))
  assert.deepEqual(
    installs.map(({ box, keypair }) => [box, keypair.uplink]),
    [
      ['b', 5],
      ['a', 2],
    ],
  )
})

test('one whose uplink has no number at that moment comes to nothing, and the next one is tried', async () => {
  for (const end of ['a', 'b'] as const) {
    const pair = await underWay(72)
    const { world, a, b, installs } = pair
    pair[end].numbers.delete('wan0')
    await world.clock.advance(3_000)
    assert.ok(installs.every(({ box }) => box !== end))
    assert.ok(pair[end].sessions.status()[0]!.failures.install > 0)
    pair[end].numbers.set('wan0', 3)
    await world.clock.advance(12_000)
    assert.ok(await agree(world, a, b), end)
    const { keypair } = installs.findLast(({ box }) => box === end)!
    assert.equal(keypair.uplink, 3)
  }
})

test('a session is told with the uplink that it began by, whatever has that number now', async () => {
  const { world, a, b } = await underWay(73)
  await world.clock.advance(1_000)
  a.numbers.set('wan0', 2).set('lte0', 1)
  const uplinks = ['lte0', 'wan0'].map((name) => ({ name, socket: a.socket }))
  await configure(a, a.peers, uplinks)
  assert.equal(a.sessions.status()[0]!.uplink, 'wan0')
  await world.clock.advance(300_000)
  assert.ok(a.sessions.status()[0]!.rekeys > 0)
  assert.equal(a.sessions.status()[0]!.uplink, 'wan0')
  assert.ok(await agree(world, a, b))
})
