/** Who is told that it is seen elsewhere, whom it is believed of, and how often. On a virtual clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Traversal } from '../../../firmware/gateway/traversal/traversal.ts'
import { direct, peer, traversal } from './traversal-box.ts'

test('a hub tells a peer that it is seen at another address; whom its hub tells looks at its NATs again', async () => {
  const { clock, made, sent, sentAtMs, count } = traversal([], 0, true)
  made.onUp(peer)
  count([direct])
  count([direct, { ...direct, number: 2, remotePort: 40_000 }])
  assert.deepEqual(sent, [])
  for (let second = 0; second < 60; second++) {
    count([{ ...direct, remoteAddress: '203.0.113.99' }])
    await clock.advance(1_000)
  }
  // By which way is not known, and the old one may be in use for a while.
  assert.deepEqual(sentAtMs, [0, 1_000, 3_000, 10_000, 30_000])
  assert.deepEqual(new Set(sent), new Set([`${peer} candidates`]))
  const branch = traversal()
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
