/** Sprays take turns on a box, and both ends of one are at it together or not at all. On a virtual clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SprayTurns } from '../../../firmware/gateway/traversal/spray-turns.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { otherPlace, sampleNat, samplePlace, symmetric } from '../plan/sample-place.ts'
import { type End, endOf, noWall } from './quest-ends.ts'

const lastsMs = 6_320

/** A box whose NAT maps by destination, and so many peers of it that it has to spray with. */
function busyBox(peers: number) {
  const clock = virtualClock(0)
  const turns = new SprayTurns(clock)
  const own = samplePlace({ nats: [sampleNat(symmetric)] })
  const pairs = Array.from({ length: peers }, (_, at) => {
    const ends: End[] = []
    ends.push(
      endOf(clock, own, true, (item) => ends[1]!.quest.onCandidates(item), turns.of(`p${at}`)),
      endOf(clock, otherPlace(), false, (item) => ends[0]!.quest.onCandidates(item)),
    )
    return { here: ends[0]!, there: ends[1]! }
  })
  const end = (): void => {
    turns[Symbol.dispose]()
    for (const { here, there } of pairs) {
      here.quest[Symbol.dispose]()
      there.quest[Symbol.dispose]()
    }
    assert.equal(clock.pending(), 0, 'a timer outlived its owner')
  }
  return { clock, pairs, end }
}

test('peers that need a spray at once get one each, one after the other, and both ends are at it', async () => {
  const { clock, pairs, end } = busyBox(5)
  for (const { here, there } of pairs) {
    here.quest.begin()
    there.quest.begin()
  }
  await clock.advance(2_000 + 5 * lastsMs)
  const firsts = pairs.map(({ here }) => here.sprayed[0]!.atMs).toSorted((a, b) => a - b)
  const gaps = firsts.slice(1).map((atMs, at) => atMs - firsts[at]!)
  assert.ok(Math.min(...gaps) >= lastsMs - 1, String(gaps))
  for (const { here, there } of pairs) {
    const [mappings] = here.sprayed
    const isMet = there.sprayed.some(({ atMs }) => Math.abs(atMs - mappings!.atMs) < 300)
    assert.ok(isMet, `${mappings!.atMs}: ${there.sprayed.map(({ atMs }) => atMs)}`)
    // What it began by itself while this box was busy was ended by the answer.
    assert.ok(there.sprayed.length - there.stops <= 1, String(there.sprayed.length))
  }
  end()
})

test('a way that is found meanwhile leaves its turn to the next one', async () => {
  const { clock, pairs, end } = busyBox(3)
  for (const { here } of pairs) here.quest.begin()
  await clock.advance(2_500)
  const [first, second, third] = pairs
  assert.deepEqual(
    pairs.map(({ here }) => here.sprayed.length),
    [1, 0, 0],
  )
  second!.here.isDirect = true
  second!.here.quest.end()
  first!.here.isDirect = true
  first!.here.quest.end()
  await clock.advance(500)
  assert.deepEqual([second!.here.sprayed.length, third!.here.sprayed.length], [0, 1])
  end()
})

test('more than can wait are told no, and look again as after any failure', async () => {
  const { clock, pairs, end } = busyBox(70)
  for (const { here } of pairs) here.quest.begin()
  await clock.advance(2_000)
  const isTrying = (end: End): boolean => end.quest.status.reason === 'trying'
  assert.equal(pairs.filter(({ here }) => isTrying(here)).length, 65)
  end()
})

test('a spray that a busy peer refuses does not count', async () => {
  const clock = virtualClock(0)
  const end = endOf(clock, samplePlace({ nats: [sampleNat(symmetric)] }), true, (item) => {
    if (item.wantsAnswer) answer(item.round, false)
    if (item.isSpray) answer(item.round, true)
  })
  const theirs = endOf(clock, otherPlace(), false, (item) => end.quest.onCandidates(item))
  theirs.quest.begin()
  const { candidates } = theirs.sent[0]!
  const answer = (round: number, isBusy: boolean): void => {
    const flags = { wantsAnswer: false, isSpray: false, isBusy, ...noWall }
    end.quest.onCandidates({ type: 'candidates', round, ...flags, candidates })
  }
  theirs.quest[Symbol.dispose]()
  end.quest.begin()
  await clock.advance(2_500)
  assert.deepEqual([end.sprayed.length, end.stops], [1, 1])
  assert.equal(end.quest.status.reason, 'unanswered')
  // Nor is it done for ever: four, and then one in 200 s.
  for (let second = 0; second < 600; second++) await clock.advance(1_000)
  assert.ok(end.sprayed.length >= 4 && end.sprayed.length <= 4 + 3, String(end.sprayed.length))
  assert.equal(end.stops, end.sprayed.length)
  end.quest[Symbol.dispose]()
})
