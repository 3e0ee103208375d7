/** How a gateway decides by which kinds of ways a peer is to be reached, from what its datapath tells. On a virtual clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Traversal } from '../../../firmware/gateway/traversal/traversal.ts'
import type { PathCounters } from '../../../firmware/model/path-program.ts'
import { samplePath } from '../plan/sample-path.ts'
import { sampleNat } from '../plan/sample-place.ts'
import { byHub } from '../plan/sample-reach.ts'
import { direct, peer, relayed, relayedWay, traversal } from './traversal-box.ts'

test('a relay is asked at once for a peer without endpoints, a second later for one with some', async () => {
  const lonely = traversal()
  assert.deepEqual(lonely.wants, ['needed'])
  const { clock, wants } = traversal(['203.0.113.2:51820'])
  assert.deepEqual(wants, [])
  await clock.advance(1_000)
  assert.deepEqual(wants, ['needed'])
})

test('beside a direct path a relay is kept as long as there was data within two minutes', async () => {
  const { clock, made, wants, count } = traversal()
  made.onUp(peer)
  count([direct])
  assert.deepEqual(wants, ['needed', 'none'])
  count([direct], true)
  assert.deepEqual(wants, ['needed', 'none', 'spare'])
  await clock.advance(119_000)
  count([direct])
  assert.deepEqual(wants, ['needed', 'none', 'spare'])
  await clock.advance(1_000)
  count([direct])
  assert.deepEqual(wants, ['needed', 'none', 'spare', 'none'])
  made[Symbol.dispose]()
})

test('a direct path that fails has a relay asked and candidates sent at once', async () => {
  const { made, wants, sent, told, count } = traversal()
  made.onUp(peer)
  count([direct])
  assert.deepEqual(sent, [])
  const { remotePort } = samplePath()
  made.onEvent({
    ...{ kind: 'path', ...direct, uplink: 0, remotePort, remoteUplink: null },
    ...{ change: 'state', state: 'down', reason: 'silent' },
  })
  assert.deepEqual(wants, ['needed', 'none', 'needed'])
  assert.deepEqual(sent, [`${peer} candidates`])
  count([{ ...direct, state: 'down' }, relayed])
  assert.deepEqual(told, ['direct', 'none', 'relayed'])
  const reach = made.reaches().find((one) => one.peer === peer)!
  assert.deepEqual([reach.how, reach.relayed, reach.reason], ['relayed', byHub, 'trying'])
  made[Symbol.dispose]()
})

test('ways through relays are named to the datapath, again for each session, and beside what is tried', async () => {
  const { clock, made, tries } = traversal()
  made.setRelayed(peer, [relayedWay])
  const through = { uplink: 254, localPort: 0, remoteAddress: byHub, remotePort: 0 }
  assert.deepEqual(tries.pop(), { peer, forMs: 0, ways: [through] })
  made.onUp(peer)
  assert.deepEqual(tries.pop(), { peer, forMs: 0, ways: [through] })
  const theirs = {
    kind: 'host',
    uplink: 0,
    mapping: 'none',
    filtering: 'open',
    portStep: 0,
    isMetered: false,
  }
  made.onCandidates(peer, {
    ...{ type: 'candidates', round: 1, wantsAnswer: true, isSpray: false, isBusy: false },
    ...{ wall: 'open', isMoved: false },
    candidates: [{ ...theirs, address: '192.0.2.9', port: 4_000 } as const],
  } as Parameters<Traversal['onCandidates']>[1])
  const way = { uplink: 0, localPort: 0, remoteAddress: '192.0.2.9', remotePort: 4_000 }
  assert.deepEqual(tries.pop(), { peer, forMs: 10_000, ways: [through, way] })
  await clock.advance(500)
  made.setRelayed(peer, [])
  assert.deepEqual(tries.pop(), { peer, forMs: 9_500, ways: [way] })
  await clock.advance(60_000)
  made.setRelayed(peer, [relayedWay])
  assert.deepEqual(tries.at(-1)?.ways[0], through)
  made[Symbol.dispose]()
})

test('a way through a relay that should be up, and is not while data flows, is doubted', async () => {
  const { clock, made, doubts, count } = traversal()
  made.onUp(peer)
  made.setRelayed(peer, [relayedWay])
  const seconds = async (
    many: number,
    paths: readonly Partial<PathCounters>[],
    isData: boolean,
  ) => {
    for (let second = 0; second < many; second++) {
      count(paths, isData)
      await clock.advance(1_000)
    }
  }
  await seconds(30, [direct, relayed], true)
  assert.deepEqual(doubts, [])
  await seconds(25, [direct, { ...relayed, state: 'down' }], true)
  assert.deepEqual(doubts, [peer, peer])
  await seconds(200, [direct, { ...relayed, state: 'down' }], false)
  assert.ok(doubts.length < 16, String(doubts.length))
  made[Symbol.dispose]()
})

test('while data flows each second a direct way is looked for after 5, 10, 20, 40 and again 40 s', async () => {
  const { clock, made, sentAtMs, count } = traversal()
  made.onUp(peer)
  for (let second = 0; second < 600; second++) {
    count([relayed], true)
    await clock.advance(1_000)
  }
  // Each search asks four times within two seconds; a look at the NATs goes before it.
  const begunAtMs = sentAtMs.filter((_, at) => at % 4 === 0)
  const pauses = begunAtMs
    .slice(1)
    .map((atMs, at) => (atMs - begunAtMs[at]! - 2_000 - 1_200) / 1000)
  assert.deepEqual(pauses.map(Math.round).slice(0, 6), [5, 10, 20, 40, 40, 40])
  assert.equal(begunAtMs.length, 16)
  made[Symbol.dispose]()
})

test('what the NAT does is told at once when it becomes known, and once: a look that finds the same is no news', async () => {
  const { clock, made, sentAtMs, readNats } = traversal()
  readNats([sampleNat({ mapping: 'unknown' })])
  made.onUp(peer)
  await clock.advance(60_000)
  const before = sentAtMs.length
  readNats([sampleNat({ mapping: 'endpoint-independent' })])
  await clock.advance(0)
  assert.deepEqual(sentAtMs.slice(before), [60_000])
  await clock.advance(5_000)
  const after = sentAtMs.length
  readNats([sampleNat({ mapping: 'endpoint-independent', testedAtMs: 65_000 })])
  await clock.advance(0)
  assert.equal(sentAtMs.length, after)
  made[Symbol.dispose]()
})

test('beside a direct way nothing is looked for, whatever a search before it was waiting for', async () => {
  const { clock, made, sent, count } = traversal()
  made.onUp(peer)
  count([relayed], true)
  await clock.advance(5_000)
  // Its place changed, which is told by way of a direct path that stays.
  count([direct, relayed], true)
  made.setRelayed(peer, [])
  const before = sent.length
  for (let second = 0; second < 3_600; second++) {
    count([direct, relayed], true)
    await clock.advance(1_000)
  }
  assert.equal(sent.length, before)
  made[Symbol.dispose]()
})

test('of many ways through relays four are tried, so that those to the peer itself find room', () => {
  const { made, tries } = traversal()
  made.setRelayed(
    peer,
    Array.from({ length: 20 }, (_, at) => ({ address: `100::1:0:${at + 1}`, port: 0 })),
  )
  assert.equal(tries.pop()?.ways.length, 4)
})

test('of more peers than relays have channels for, those get one that are used', async () => {
  const few = traversal([], 60)
  assert.deepEqual(few.wants, ['needed'])
  const { clock, made, wants, count } = traversal([], 64)
  assert.deepEqual(wants, ['none'])
  made.onEvent({ kind: 'wanted', peer })
  assert.deepEqual(wants, ['none', 'needed'])
  await clock.advance(119_000)
  count([])
  assert.deepEqual(wants, ['none', 'needed'])
  await clock.advance(1_000)
  count([])
  assert.deepEqual(wants, ['none', 'needed', 'none'])
  made.onUp(peer)
  count([relayed])
  assert.deepEqual(wants, ['none', 'needed', 'none'])
  count([relayed], true)
  assert.deepEqual(wants, ['none', 'needed', 'none', 'needed'])
  made[Symbol.dispose]()
})

test('a hub is looked for by its endpoints alone', async () => {
  const { clock, made, sent, tries } = traversal()
  made.onUp('hub-1')
  await clock.advance(10_000)
  made.onCandidates('hub-1', {
    ...{
      type: 'candidates',
      round: 1,
      wantsAnswer: true,
      isSpray: false,
      isBusy: false,
      wall: 'open',
      isMoved: false,
      candidates: [],
    },
  })
  assert.deepEqual([sent, tries], [[], []])
  made[Symbol.dispose]()
})
