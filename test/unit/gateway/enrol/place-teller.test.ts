/** When a box says where it is and whom it lacks, and what it does with what is said of others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Caller, PlaceTeller } from '../../../../firmware/gateway/enrol/place-teller.ts'
import { virtualClock } from '../../../../firmware/host/clock/virtual.ts'
import { mostWanted } from '../../../../firmware/model/control-link.ts'

const here = { address: '203.0.113.9', port: 40_000 }
const there = { address: '198.51.100.2', port: 51_820 }

function newWorld() {
  const clock = virtualClock(0)
  const box = {
    places: [here],
    peers: new Map([['lisbon', false]]),
    called: [] as [string, readonly object[]][],
    refreshed: 0,
  }
  const caller: Caller = {
    places: () => box.places,
    refresh: () => box.refreshed++,
    unnamed: () => [...box.peers].map(([wireKey, isUp]) => ({ wireKey, isUp })),
    callAt: (wireKey, places) => box.called.push([wireKey, places]),
  }
  const said: { atMs: number; places: readonly object[]; wanted: readonly string[] }[] = []
  const teller = new PlaceTeller({
    ...{ clock, caller },
    say: ({ places, wanted }) => said.push({ atMs: clock.nowMs(), places, wanted }),
  })
  return { clock, box, said, teller }
}

test('it is said at once by a new link, and not again while nothing changes', async () => {
  const { clock, box, said, teller } = newWorld()
  using _ = teller
  await clock.advance(10_000)
  assert.deepEqual(said, [])
  teller.onLink()
  assert.deepEqual(said, [{ atMs: 10_000, places: [here], wanted: ['lisbon'] }])
  box.peers.set('lisbon', true)
  await clock.advance(3_600_000)
  assert.equal(said.length, 1)
  teller.onLink()
  assert.deepEqual(said[1], { atMs: 3_610_000, places: [here], wanted: [] })
})

test('another place, and a peer that is lacking, are said within two seconds, once', async () => {
  const { clock, box, said, teller } = newWorld()
  using _ = teller
  box.peers = new Map([
    ['lisbon', true],
    ['oslo', true],
  ])
  teller.onLink()
  await clock.advance(500)
  box.places = [there]
  await clock.advance(1_000)
  box.peers.set('oslo', false)
  await clock.advance(10_000)
  assert.deepEqual(said.slice(1), [{ atMs: 2_000, places: [there], wanted: ['oslo'] }])
  // That it is there again needs no word.
  box.peers.set('oslo', true)
  await clock.advance(10_000)
  assert.equal(said.length, 2)
})

test('a peer that nobody finds is asked for again, ever more seldom, up to once an hour', async () => {
  const { clock, said, teller } = newWorld()
  using _ = teller
  teller.onLink()
  await clock.advance(24 * 3_600_000)
  const gaps = said.slice(1).map(({ atMs }, at) => Math.round((atMs - said[at]!.atMs) / 60_000))
  assert.deepEqual(gaps.slice(0, 8), [1, 2, 4, 8, 16, 32, 60, 60])
  assert.ok(said.length <= 32, `${said.length} times in a day`)
})

test('where it is is looked at again when a peer is lost and when it is asked for again, not when the place is another', async () => {
  const { clock, box, said, teller } = newWorld()
  using _ = teller
  box.peers.set('lisbon', true)
  teller.onLink()
  assert.equal(box.refreshed, 0)
  box.peers.set('lisbon', false)
  await clock.advance(2_000)
  assert.equal(box.refreshed, 1)
  // What was found is told, with whom it lacks.
  box.places = [there]
  await clock.advance(2_000)
  assert.deepEqual(
    [box.refreshed, said.at(-1)],
    [1, { atMs: 4_000, places: [there], wanted: ['lisbon'] }],
  )
  await clock.advance(60_000)
  assert.equal(box.refreshed, 2)
})

test('a box all of whose peers are named says nothing, whatever changes', async () => {
  const { clock, box, said, teller } = newWorld()
  using _ = teller
  box.peers.clear()
  teller.onLink()
  box.places = [there]
  await clock.advance(60_000)
  assert.deepEqual(said, [])
})

test('no more peers are asked for than a message has room for', () => {
  const { box, said, teller } = newWorld()
  using _ = teller
  box.peers = new Map(Array.from({ length: mostWanted + 9 }, (_, index) => [`box${index}`, false]))
  teller.onLink()
  assert.equal(said[0]!.wanted.length, mostWanted)
})

test('peers are called where they are said to be', () => {
  const { box, teller } = newWorld()
  using _ = teller
  teller.onPeers({ kind: 'peer-places', peers: [{ wireKey: 'lisbon', places: [there] }] })
  assert.deepEqual(box.called, [['lisbon', [there]]])
})
