/** What `npm start -- --nat` says of pairs of branches: without a lab. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerReach } from '../../firmware/model/local-api-reach.ts'
import type { PairLook } from './nat-pairs.ts'
import { natPicture, pairNews } from './nat-text.ts'

const direct: PeerReach = {
  ...{ how: 'direct', seconds: 3, relay: null, reason: null, explanation: null },
  ...{ nextTrySeconds: null, channels: [] },
}
const relayed: PeerReach = {
  ...direct,
  ...{ how: 'relayed', relay: 'hub', reason: 'walled', explanation: 'walls', nextTrySeconds: 4.6 },
}

function pair(one: PeerReach | null, other: PeerReach | null): PairLook {
  const ends = [
    { site: 'home', reach: one },
    { site: 'guest', reach: other },
  ] as const
  return { ends, firstSeconds: 0.312, directSeconds: null, rttMs: 1.26 }
}

const lookOf = (one: PairLook) => ({ pairs: [one], nats: new Map() })
const linesOf = (one: PairLook) => pairNews(lookOf(one), new Map()).lines

test('a pair whose ends agree is told once, else by end', () => {
  assert.deepEqual(linesOf(pair(direct, direct)), ['home – guest: direct'])
  assert.deepEqual(linesOf(pair(relayed, direct)), [
    'home – guest: by relay hub / direct, home says: walls',
  ])
  const other = { ...relayed, explanation: 'silence', reason: 'unanswered' } as const
  assert.deepEqual(linesOf(pair(relayed, other)), [
    'home – guest: by relay hub, home says: walls; guest says: silence',
  ])
  assert.deepEqual(linesOf(pair({ ...other, reason: 'peer-walled' }, relayed)), [
    'home – guest: by relay hub, guest says: walls',
  ])
  assert.deepEqual(linesOf(pair(null, { ...direct, how: 'none' })), [
    'home – guest: gateway does not answer / not reached',
  ])
})

test('the picture has each pair with its times, and below why it is relayed and until when', () => {
  const text = natPicture({ pairs: [pair(relayed, relayed)], nats: new Map([['home', []]]) })
  assert.deepEqual(text.split('\n'), [
    'home  –',
    '',
    'pair          now           first packet  direct  last ping',
    'home – guest  by relay hub        0.31 s       –     1.3 ms',
    '',
    'home – guest: walls; next try in 5 s',
  ])
})

test('another way is news, and another reason; each try is none', () => {
  const looked = { ...relayed, reason: 'trying', explanation: 'looks' } as const
  let told: ReturnType<typeof pairNews>['told'] = new Map()
  const lines = [looked, relayed, looked, relayed, direct, looked].map((end) => {
    const news = pairNews(lookOf(pair(end, end)), told)
    told = news.told
    return news.lines.join()
  })
  assert.deepEqual(lines, [
    'home – guest: by relay hub, looks',
    'home – guest: by relay hub, walls',
    '',
    '',
    'home – guest: direct',
    'home – guest: by relay hub, looks',
  ])
})
