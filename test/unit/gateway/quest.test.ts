/** Two ends look for a direct way: what they tell each other, what they have tried, and when again. On a virtual clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { otherPlace, sampleNat, samplePlace, symmetric } from '../plan/sample-place.ts'
import { delayMs, endOf, noWall, pairOf } from './quest-ends.ts'

test('one end begins, and both try the ways between them within a round trip', async () => {
  const { clock, one, other, end } = pairOf()
  one.quest.begin()
  await clock.advance(100)
  assert.deepEqual(one.tried, [['192.0.2.2', '192.168.3.2']])
  assert.deepEqual(other.tried, [['198.51.100.2', '192.168.2.2']])
  assert.deepEqual([other.triedAtMs, one.triedAtMs], [[delayMs], [2 * delayMs]])
  assert.equal(one.quest.status.reason, 'trying')
  end()
})

test('both begin at once: each tries once', async () => {
  const { clock, one, other, end } = pairOf()
  one.quest.begin()
  other.quest.begin()
  await clock.advance(1_000)
  assert.deepEqual([one.tried.length, other.tried.length], [1, 1])
  end()
})

test('once there is a direct way nothing more is tried or sprayed', async () => {
  const { clock, one, other, end } = pairOf(samplePlace({ nats: [sampleNat(symmetric)] }))
  one.quest.begin()
  await clock.advance(500)
  for (const each of [one, other]) {
    each.isDirect = true
    each.quest.end()
  }
  await clock.advance(3_600_000)
  assert.deepEqual([one.tried.length, other.tried.length], [1, 1])
  assert.deepEqual([...one.sprayed, ...other.sprayed], [])
  end()
})

test('a peer that does not answer is asked four times, and then again as any failure', async () => {
  const clock = virtualClock(0)
  const lonely = endOf(clock, samplePlace(), true, () => undefined)
  lonely.quest.begin()
  await clock.advance(2_000)
  assert.equal(lonely.sent.length, 4)
  assert.ok(lonely.sent.every(({ wantsAnswer }) => wantsAnswer))
  assert.equal(lonely.quest.status.reason, 'no-answer')
  assert.equal(Math.round(lonely.quest.status.nextMs!), 5_000 + 1_200)
  await clock.advance(5_000)
  assert.equal(lonely.refreshes, 1)
  await clock.advance(1_300)
  assert.equal(lonely.sent.length, 5)
  lonely.quest[Symbol.dispose]()
})

test('an answer to an older question does not begin a try', async () => {
  const clock = virtualClock(0)
  const lonely = endOf(clock, samplePlace(), true, () => undefined)
  lonely.quest.begin()
  const { round, candidates } = lonely.sent[0]!
  const flags = { wantsAnswer: false, isSpray: false, isBusy: false, ...noWall }
  const answer = { type: 'candidates', ...flags, candidates } as const
  lonely.quest.onCandidates({ ...answer, round: round + 1 })
  assert.deepEqual(lonely.tried, [])
  lonely.quest.onCandidates({ ...answer, round })
  assert.equal(lonely.tried.length, 1)
  lonely.quest[Symbol.dispose]()
})

test('where one NAT maps by destination both ends spray after the first vain try, together', async () => {
  const { clock, one, other, end } = pairOf(samplePlace({ nats: [sampleNat(symmetric)] }))
  one.quest.begin()
  other.quest.begin()
  await clock.advance(3_000)
  assert.deepEqual(
    [one, other].map(({ sprayed }) => sprayed.map(({ isManyLocal }) => isManyLocal)),
    [[true], [false]],
  )
  const [mappings, probes] = [one.sprayed[0]!.atMs, other.sprayed[0]!.atMs]
  assert.ok(mappings >= 1_500 && mappings < 1_600 && probes > mappings && probes - mappings < 300)
  await clock.advance(20_000)
  // Once more, within 20 s of the beginning, and then seldom.
  assert.deepEqual([one.sprayed.length, other.sprayed.length], [2, 2])
  assert.equal(one.quest.status.reason, 'ports-unmet')
  await clock.advance(7_200_000)
  assert.ok(one.sprayed.length >= 4 && one.sprayed.length <= 6, String(one.sprayed.length))
  end()
})

test('a place that changes without end causes no more sprays and tries than any failure', async () => {
  const { clock, one, other, end } = pairOf(samplePlace({ nats: [sampleNat(symmetric)] }))
  for (let change = 0; change < 100; change++) {
    one.quest.begin()
    await clock.advance(8_000)
  }
  assert.ok(one.sprayed.length <= 8 && other.sprayed.length <= 8, String(one.sprayed.length))
  end()
})

test('two NATs that map by destination: no spray, and the reason is told', async () => {
  const { clock, one, other, end } = pairOf(
    samplePlace({ nats: [sampleNat(symmetric)] }),
    otherPlace(symmetric),
  )
  one.quest.begin()
  await clock.advance(3_000)
  assert.deepEqual([...one.sprayed, ...other.sprayed], [])
  assert.equal(one.quest.status.reason, 'both-dependent')
  end()
})

test('while data flows it is tried again within a minute for ever, else seldom', async () => {
  const { clock, one, other, end } = pairOf()
  one.quest.begin()
  await clock.advance(600_000)
  const gaps = one.triedAtMs.slice(1).map((atMs, at) => atMs - one.triedAtMs[at]!)
  assert.ok(gaps.length > 10 && Math.max(...gaps) < 60_000, String(Math.max(...gaps)))
  one.hasData = false
  other.hasData = false
  await clock.advance(60_000)
  const before = one.triedAtMs.length
  await clock.advance(1_000_000)
  assert.equal(one.triedAtMs.length, before)
  // Data is back: no need to wait for that long.
  one.hasData = true
  one.quest.hurry()
  await clock.advance(40_000)
  assert.equal(one.triedAtMs.length, before + 1)
  end()
})

test('a search beside a direct way, begun since something changed, is not followed by another', async () => {
  const clock = virtualClock(0)
  const lonely = endOf(clock, samplePlace(), true, () => undefined)
  lonely.isDirect = true
  lonely.quest.begin()
  await clock.advance(3_600_000)
  assert.deepEqual([lonely.sent.length, lonely.refreshes], [4, 0])
  lonely.isDirect = false
  lonely.quest.begin()
  await clock.advance(3_000)
  lonely.isDirect = true
  await clock.advance(3_600_000)
  assert.deepEqual([lonely.sent.length, lonely.refreshes], [8, 0])
  lonely.quest[Symbol.dispose]()
})

test('a peer that asks without end has this end act at its rate, not at the peer’s', async () => {
  const clock = virtualClock(0)
  const end = endOf(clock, samplePlace(), true, () => undefined)
  for (let count = 0; count < 10_000; count++) {
    const { candidates } = { candidates: [] }
    const flags = {
      wantsAnswer: true,
      isSpray: count % 2 === 0,
      isBusy: count % 3 === 0,
      ...noWall,
    }
    end.quest.onCandidates({ type: 'candidates', round: count & 0xff, ...flags, candidates })
    await clock.advance(1)
  }
  assert.ok(end.sent.length <= 8 + 10 + 5, String(end.sent.length))
  end.quest[Symbol.dispose]()
})
