/** Who is told that it is seen elsewhere, whom it is believed of, and how often. On a virtual clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Traversal } from '../../../firmware/gateway/traversal/traversal.ts'
import { direct, peer, traversal } from './traversal-box.ts'

test('a hub tells a peer that it is seen at another address; whom its hub tells looks at its NATs again', async () => {
  const { clock, made, sent, sentAtMs, count } = traversal([], 0, true)
  made.onUp(peer)
  count([direct])
  await clock.advance(5_000)
  count([direct, { ...direct, number: 2, remotePort: 40_000 }])
  assert.deepEqual(sent, [])
  for (let second = 0; second < 60; second++) {
    count([{ ...direct, remoteAddress: '203.0.113.99' }])
    await clock.advance(1_000)
  }
  // By which way is not known, and the old one may be in use for a while.
  assert.deepEqual(sentAtMs, [5_000, 6_000, 8_000, 15_000, 35_000])
  assert.deepEqual(new Set(sent), new Set([`${peer} candidates`]))
  const branch = traversal()
  branch.made.onUp('hub-1')
  const item = { type: 'candidates', wantsAnswer: false, isSpray: false } as const
  const rest = { isBusy: false, wall: 'open', candidates: [] } as const
  for (const [isMoved, round, looks] of [
    [false, 7, 0],
    [true, 7, 1],
    [true, 7, 1],
    [true, 8, 2],
  ] as const) {
    branch.made.onCandidates('hub-1', { ...item, ...rest, isMoved, round })
    await branch.clock.advance(20_000)
    assert.equal(branch.looks.length, looks)
  }
  made[Symbol.dispose]()
  branch.made[Symbol.dispose]()
})

/** A hub that sees the peer each second by what `up` says of it; at which seconds, and of which moves, it told it. */
async function watched(seconds: number, up: (second: number) => readonly string[]) {
  const { clock, made, moves, count } = traversal([], 0, true)
  made.onUp(peer)
  for (let second = 0; second < seconds; second++) {
    count(up(second).map((remoteAddress, number) => ({ ...direct, number, remoteAddress })))
    await clock.advance(1_000)
  }
  made[Symbol.dispose]()
  return moves.map(({ atMs, number }) => ({ second: atMs / 1_000, number }))
}
const [first, second, third] = ['203.0.113.2', '203.0.113.3', '2001:db8::7'] as const

test('who comes by one path after the other has not moved, nor has whoever wakes one later', async () => {
  const told = await watched(600, (at) =>
    at === 0 ? [first] : at < 60 || at > 500 ? [first, second, third] : [first],
  )
  assert.deepEqual(told, [])
})

test('who moves right at the beginning is told once that is over', async () => {
  const told = await watched(40, (at) => (at < 2 ? [first] : [second]))
  assert.deepEqual(
    told.map(({ second: at }) => at),
    [5, 6, 8, 15, 35],
  )
  const both = await watched(40, (at) => (at < 2 ? [first] : [first, second]))
  assert.deepEqual(both, [])
})

test('an uplink that flaps each second is no move', async () => {
  assert.deepEqual(await watched(120, (at) => (at % 2 === 0 ? [first] : [first, second])), [])
})

test('nor is a session that begins anew at the same place; one at another is told of, however long nothing was seen', async () => {
  for (const outage of [20, 3_600]) {
    const isOut = (at: number): boolean => at >= 10 && at < 10 + outage
    const back = (place: string) => (at: number) =>
      isOut(at) ? [] : at < 10 ? [first, third] : [place, third]
    assert.deepEqual(await watched(outage + 100, back(first)), [])
    const told = await watched(outage + 100, back(second))
    assert.deepEqual(
      told.map((one) => one.second - 10 - outage),
      [0, 1, 3, 10, 30],
    )
  }
})

test('a move within ten seconds of another is told of after them; each has a number of its own', async () => {
  const told = await watched(100, (at) => [at < 20 ? first : at < 21 ? second : third])
  assert.deepEqual(
    told.map((one) => one.second),
    [20, 21, 23, 30, 31, 33, 40, 60],
  )
  const numbers = told.map(({ number }) => number)
  assert.deepEqual(new Set(numbers.slice(0, 3)).size, 1)
  assert.deepEqual(new Set(numbers.slice(3)).size, 1)
  assert.notEqual(numbers[0], numbers[3])
})

test('whoever moves each second is told about 24 times a minute, whatever the number of its addresses', async () => {
  const told = await watched(600, (at) => [`203.0.113.${at % 250}`])
  assert.ok(told.length <= 4 * 60, String(told.length))
  assert.ok(told.length > 100, String(told.length))
})

test('moves that are 256 s apart have numbers of their own', async () => {
  const told = await watched(600, (at) => [at < 40 ? first : at < 296 ? second : third])
  const numbers = new Set(told.map(({ number }) => number))
  assert.equal(numbers.size, 2)
})

test('a hub that has begun anew is heard, whichever number its move has', async () => {
  const { clock, made, looks } = traversal()
  for (const expected of [1, 2]) {
    made.onUp('hub-1')
    made.onCandidates('hub-1', movedItem(5))
    made.onCandidates('hub-1', movedItem(5))
    await clock.advance(20_000)
    assert.equal(looks.length, expected)
  }
  made[Symbol.dispose]()
})

test('a branch does not have its hub look at its NATs; another hub does', async () => {
  for (const [from, looks] of [
    [peer, 0],
    ['hub-1', 1],
  ] as const) {
    const hub = traversal([], 0, true)
    hub.made.onUp(from)
    hub.made.onCandidates(from, movedItem(1))
    await hub.clock.advance(60_000)
    assert.equal(hub.looks.length, looks)
    hub.made[Symbol.dispose]()
  }
})

function movedItem(round: number): Parameters<Traversal['onCandidates']>[1] {
  return {
    ...{ type: 'candidates', wantsAnswer: false, isSpray: false, isBusy: false },
    ...{ wall: 'open', candidates: [], isMoved: true, round },
  }
}
