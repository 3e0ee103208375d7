/** Whom a controller tells where others are: both of a pair that lacks a session, at once, and nobody whom it is no business of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PlaceExchange, type PublishedPeers } from '../../../firmware/controller/place-exchange.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import type { ControllerMessage } from '../../../firmware/model/control-link.ts'

type PeerPlaces = Extract<ControllerMessage, { kind: 'peer-places' }>

const placeOf = (number: number) => ({ address: `203.0.113.${number}`, port: 40_000 + number })
const wireKeyOf = (name: string) => `${name.padEnd(43, 'A')}=`

/** Links that a test sees: what was said by each, when. */
function newWorld() {
  const clock = virtualClock(0)
  const configs = new Map<string, PublishedPeers>()
  const exchange = new PlaceExchange(clock, (deviceId) => configs.get(deviceId) ?? null)
  const said = new Map<string, { atMs: number; peers: PeerPlaces['peers'] }[]>()
  const slow = new Set<string>()
  return {
    clock,
    exchange,
    slow,
    /** By name, with the endpoints that they have there. */
    publish: (name: string, peers: Record<string, readonly string[]>, tenant = 't') => {
      const list = Object.entries(peers).map(([peer, endpoints]) => {
        return { name: peer, wireKey: wireKeyOf(peer), endpoints, prefixes: [] }
      })
      const config = { peers: list } as unknown as PublishedPeers['config']
      configs.set(name, { tenant, config })
    },
    attach: (name: string, tenant = 't') => {
      said.set(name, [])
      exchange.attach({ deviceId: name, tenant, wireKey: wireKeyOf(name) }, ({ peers }) => {
        if (slow.has(name)) return false
        said.get(name)!.push({ atMs: clock.nowMs(), peers })
        return true
      })
    },
    say: (name: string, number: number, wanted: readonly string[] = []) => {
      const places = [placeOf(number)]
      exchange.onPlaces(name, { kind: 'places', places, wanted: wanted.map(wireKeyOf) })
    },
    /** Of whom it was told, and where they are. */
    told: (name: string) =>
      said.get(name)!.flatMap(({ peers }) => {
        return peers.map((one) => [one.wireKey.replace(/A*=$/, ''), one.places[0]!.address])
      }),
    said: (name: string) => said.get(name)!,
  }
}

/** Two boxes that have each other without endpoints, and links. */
function twoBoxes() {
  const world = newWorld()
  world.publish('left', { right: [] })
  world.publish('right', { left: [] })
  world.attach('left')
  world.attach('right')
  world.say('right', 2)
  return world
}

test('both of a pair are told of each other within the same second, and once', async () => {
  const { clock, exchange, say, told, said } = twoBoxes()
  using _ = exchange
  say('left', 1, ['right'])
  say('right', 2, ['left'])
  await clock.advance(10_000)
  assert.deepEqual(told('left'), [['right', placeOf(2).address]])
  assert.deepEqual(told('right'), [['left', placeOf(1).address]])
  assert.deepEqual([said('left')[0]!.atMs, said('right')[0]!.atMs], [1_000, 1_000])
})

test('who lacks nobody is told nothing, whatever is said of others', async () => {
  const { clock, exchange, say, told } = twoBoxes()
  using _ = exchange
  say('left', 1)
  await clock.advance(10_000)
  assert.deepEqual([told('left'), told('right')], [[], []])
})

test('boxes of another tenant, strangers, and peers that either end has an endpoint of are not told of', async () => {
  const world = newWorld()
  const { clock, exchange, publish, attach, say, told } = world
  using _ = exchange
  publish('left', { other: [], named: ['192.0.2.1:51820'], hub: [], gone: [] })
  publish('other', { left: [] }, 'u')
  publish('named', { left: [] })
  publish('hub', { left: ['192.0.2.9:51820'] })
  publish('stranger', { left: [] })
  for (const name of ['left', 'named', 'hub', 'stranger']) attach(name)
  attach('other', 'u')
  for (const [at, name] of ['other', 'named', 'hub', 'stranger'].entries()) say(name, 10 + at)
  say('left', 1, ['other', 'named', 'hub', 'gone', 'stranger', 'left'])
  await clock.advance(10_000)
  for (const name of ['left', 'other', 'named', 'hub', 'stranger']) {
    assert.deepEqual(told(name), [], name)
  }
  assert.deepEqual(exchange.counts, { told: 0, refused: 3 })
})

test('one that has published nothing of its own is told of nobody', async () => {
  const { clock, exchange, publish, attach, say, told } = newWorld()
  using _ = exchange
  publish('left', { right: [] })
  for (const name of ['left', 'right']) attach(name)
  say('right', 2)
  say('left', 1, ['right'])
  await clock.advance(10_000)
  assert.deepEqual([told('left'), told('right')], [[], []])
})

test('it is the newest place that is told, and none of a box whose link has ended', async () => {
  const { clock, exchange, attach, say, told } = twoBoxes()
  using _ = exchange
  say('left', 1, ['right'])
  say('right', 3)
  await clock.advance(1_000)
  assert.deepEqual(told('left'), [['right', placeOf(3).address]])
  exchange.detach('right')
  say('left', 1, ['right'])
  await clock.advance(2_000)
  assert.equal(told('left').length, 1)
  // What it said by the link of before is forgotten with that.
  attach('right')
  say('left', 1, ['right'])
  await clock.advance(2_000)
  assert.equal(told('left').length, 1)
})

test('a box that asks without end has others told six times, and then once in ten seconds', async () => {
  const { clock, exchange, say, told } = twoBoxes()
  using _ = exchange
  for (let second = 0; second < 120; second++) {
    say('left', 1, ['right'])
    await clock.advance(1_000)
  }
  assert.ok(told('right').length >= 16 && told('right').length <= 18, `${told('right').length}`)
})

test('a mesh that begins all at once is told within seconds, 64 peers a second and box, each once', async () => {
  const { clock, exchange, publish, attach, say, told, said } = newWorld()
  using _ = exchange
  const names = Array.from({ length: 200 }, (_, index) => `box${index}x`)
  for (const name of names) {
    publish(name, Object.fromEntries(names.filter((one) => one !== name).map((one) => [one, []])))
    attach(name)
  }
  for (const [at, name] of names.entries()) {
    say(
      name,
      at,
      names.filter((one) => one !== name),
    )
  }
  await clock.advance(10_000)
  for (const name of names) {
    assert.equal(told(name).length, 199)
    assert.deepEqual(
      said(name).map(({ atMs, peers }) => [atMs, peers.length]),
      [
        [1_000, 64],
        [2_000, 64],
        [3_000, 64],
        [4_000, 7],
      ],
    )
  }
})

test('a box that does not take what was said is told later, and holds up nobody', async () => {
  const { clock, exchange, slow, say, told } = twoBoxes()
  using _ = exchange
  slow.add('left')
  say('left', 1, ['right'])
  await clock.advance(5_000)
  assert.deepEqual([told('left').length, told('right').length], [0, 1])
  slow.delete('left')
  await clock.advance(1_000)
  assert.equal(told('left').length, 1)
})
