/** What a hub says of what it relays: for whom, how much, who is limited; and that it cannot look into it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { relayingText } from '../../../firmware/cli/relaying-text.ts'
import { statusText } from '../../../firmware/cli/text.ts'
import { isStatus } from '../../../firmware/model/local-api.ts'
import type { ChannelCounters, ChannelTraffic } from '../../../firmware/model/traversal-program.ts'
import { type RelayingFacts, relayingAnswer } from '../../../firmware/plan/relaying.ts'
import { composeStatus } from '../../../firmware/plan/status.ts'
import { check } from './explain-answer.ts'
import { statusFacts } from './sample-status.ts'

const traffic = (change: Partial<ChannelTraffic> = {}): ChannelTraffic => {
  return { packets: 0, bytes: 0, limitedPackets: 0, limitedBytes: 0, ...change }
}

function channel(change: Partial<ChannelCounters> = {}): ChannelCounters {
  return {
    ...{ peer: 'lisbon', channel: 7, to: 'oslo', toChannel: 9, rateBps: 50e6 },
    ...{ ageMs: 65_000, unusedMs: 20, fromPeer: traffic(), fromTo: traffic() },
    ...change,
  }
}

const facts = (change: Partial<RelayingFacts> = {}): RelayingFacts => {
  return { rateBps: 50e6, now: [], before: [], gapMs: 5_000, ...change }
}

test('a box that relays nothing says nothing of it; one that may, for whom it does', () => {
  assert.equal(relayingAnswer(null), null)
  assert.equal(relayingText(null), '')
  const idle = relayingAnswer(facts())
  assert.deepEqual(idle, { rateBitsPerSecond: 50e6, pairCount: 0, pairs: [] })
  assert.equal(relayingText(idle), 'relays for nobody now (at most 50.0 Mbit/s each way)\n')
})

test('of each pair there is what came from either end, how fast, and what the rate kept back', () => {
  const before = channel({ fromPeer: traffic({ packets: 10, bytes: 1_000_000 }) })
  const now = channel({
    fromPeer: traffic({ packets: 30, bytes: 6_000_000, limitedPackets: 2, limitedBytes: 2_500 }),
  })
  const answer = relayingAnswer(facts({ now: [now], before: [before] }))!
  assert.deepEqual(answer.pairs, [
    {
      ...{ peers: ['lisbon', 'oslo'], seconds: 65, unusedSeconds: 0.02 },
      traffic: [
        { from: 'lisbon', ...now.fromPeer, bitsPerSecond: 8e6, isLimited: true },
        { from: 'oslo', ...traffic(), bitsPerSecond: 0, isLimited: false },
      ],
    },
  ])
  const status = composeStatus(statusFacts({ relaying: facts({ now: [now], before: [before] }) }))
  assert.ok(isStatus(status))
  const lines = [
    'relays for 1 pair of peers, at most 50.0 Mbit/s each way; 1 would send more, and packets of it are dropped',
    'RELAYED FROM  TO      FOR   NOW         SO FAR  DROPPED BY THE RATE',
    'lisbon        oslo    65 s  8.0 Mbit/s  6.0 MB  2.5 kB, now',
    'oslo          lisbon  65 s  0 bit/s     0 B     –',
  ]
  assert.ok(statusText(status).endsWith(`${lines.join('\n')}\n`), statusText(status))
})

test('what is not limited any more is told, without "now"; of a channel that is new there is no rate yet', () => {
  const limited = channel({ fromTo: traffic({ limitedPackets: 5, limitedBytes: 5_000 }) })
  const after = relayingAnswer(facts({ now: [limited], before: [limited] }))
  assert.equal(after?.pairs[0]?.traffic[1]?.isLimited, false)
  assert.match(relayingText(after), /^relays for 1 pair of peers, at most 50.0 Mbit\/s each way\n/)
  assert.match(relayingText(after), / 5\.0 kB\n/)
  // Not read before, as after a restart: when it was limited is known only of a channel that is as new.
  for (const [ageMs, isNow] of [
    [2_000, true],
    [65_000, false],
  ] as const) {
    const unread = relayingAnswer(facts({ now: [{ ...limited, ageMs }] }))
    assert.deepEqual(
      unread?.pairs[0]?.traffic.map(({ bitsPerSecond, isLimited }) => [bitsPerSecond, isLimited]),
      [
        [null, false],
        [null, isNow],
      ],
    )
  }
})

test('of many the answer has 64: those that are limited, then those of most bytes', () => {
  const now = Array.from({ length: 1_000 }, (_, at) =>
    channel({ channel: at, fromPeer: traffic({ bytes: at }) }),
  )
  now[3] = channel({ channel: 3, fromTo: traffic({ limitedPackets: 1 }) })
  const answer = relayingAnswer(facts({ now, before: now.with(3, channel({ channel: 3 })) }))!
  assert.equal(answer.pairCount, 1_000)
  const bytes = answer.pairs.map((pair) => pair.traffic[0]!.bytes)
  assert.deepEqual([bytes.length, bytes[0], bytes[1], bytes[63]], [64, 0, 999, 937])
  const text = relayingText(answer)
  assert.match(text, /\nand 988 more \(--json has 64\)\n$/)
  assert.equal(text.split('\n').length, 1 + 1 + 24 + 1 + 1)
})

test('of a flow between two peers the relay says that it is sealed, and by which channel it goes', () => {
  const said = { from: 'peer', peer: 'hub-1', hop: 'peer', reason: 'transit' } as const
  const ask = { from: '10.0.0.5', to: '10.0.7.9' }
  const other = channel({ to: 'hub-2' })
  const relaying = (change: Partial<ChannelCounters>) => facts({ now: [other, channel(change)] })
  check(
    said,
    { ask, relaying: relaying({ peer: 'hub-1', to: 'lisbon' }) },
    'relayed-sealed',
    'hub-1 and lisbon have a channel through this box (7 of hub-1 and 9 of lisbon): what goes by it is sealed for them, so nobody here sees which flows these are. Ask at hub-1.',
  )
  const back = relaying({ peer: 'lisbon', to: 'hub-1' })
  check(said, { ask, relaying: back }, 'relayed-sealed', /\(9 of hub-1 and 7 of lisbon\)/)
  check(
    said,
    { ask, relaying: facts({ now: [other] }) },
    'transit',
    /have no channel through this box/,
  )
  check(said, { ask, relaying: null }, 'transit', /this box is no way between them\.$/)
})
