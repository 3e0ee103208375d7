/** The end's half: which relay is asked for a channel to a peer, how often, and what is made of the answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Channels } from '../../../firmware/gateway/relay/channels.ts'
import type { Channel } from '../../../firmware/gateway/relay/wish.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { relayStatus } from '../../../firmware/wire/control-item.ts'
import { fleet, keyAt, named } from './relay-fleet.ts'

const keyOf = (name: string): Buffer => Buffer.alloc(32, name)

function ends(relays = ['hub-1', 'hub-2'], peers = ['b']) {
  const clock = virtualClock(0)
  const asked: [atMs: number, relay: string][] = []
  const told: (readonly Channel[])[] = []
  const channels = new Channels({
    clock,
    send: (relay) => asked.push([Math.round(clock.nowMs()), relay]),
    onChange: (_, open) => told.push(open),
  })
  channels.configure(relays.map(named), peers.map(named))
  const answer = (relay: string, channel: number, status: number = relayStatus.open): void =>
    channels.onChannel(relay, { type: 'relay-channel', channel, status, deviceId: keyOf('b') })
  return { clock, asked, told, channels, answer }
}

test('a relay without a session is not asked; one with it is at once, and again until it answers', async () => {
  const { clock, asked, channels, answer, told } = ends(['hub-1'])
  channels.want('b', 'needed')
  await clock.advance(60_000)
  assert.equal(asked.length, 0)
  channels.onUp('hub-1')
  await clock.advance(70_000)
  assert.deepEqual(
    asked.map(([atMs]) => atMs - 60_000),
    [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500, 61_500],
  )
  answer('hub-1', 7)
  assert.deepEqual(told, [[{ relay: 'hub-1', channel: 7 }]])
  await clock.advance(300_000)
  assert.equal(asked.length, 8)
})

test('the next relay is asked at once when one has no channel; all in vain, after a pause', async () => {
  const { clock, asked, channels, answer } = ends()
  channels.onUp('hub-1')
  channels.onUp('hub-2')
  channels.want('b', 'needed')
  answer('hub-1', 0, relayStatus.absent)
  assert.deepEqual(asked, [
    [0, 'hub-1'],
    [0, 'hub-2'],
  ])
  answer('hub-2', 0, relayStatus.refused)
  assert.equal(asked.length, 2)
  assert.deepEqual(channels.answersOf('b'), [
    { relay: 'hub-1', state: 'absent' },
    { relay: 'hub-2', state: 'refused' },
  ])
  await clock.advance(500)
  assert.deepEqual(asked.at(-1), [500, 'hub-1'])
  channels[Symbol.dispose]()
})

test('a channel that comes unasked is taken; one of a peer or relay that is not known is not', () => {
  const { channels, answer, told } = ends()
  answer('hub-1', 9)
  answer('hub-9', 10)
  channels.onChannel('hub-1', {
    ...{ type: 'relay-channel', channel: 11, status: relayStatus.open, deviceId: keyOf('x') },
  })
  assert.deepEqual(told, [[{ relay: 'hub-1', channel: 9 }]])
  assert.deepEqual(channels.of('b'), [{ relay: 'hub-1', channel: 9 }])
})

test('one that its relay ended is asked for again while it is wanted', async () => {
  const { asked, channels, answer, told } = ends(['hub-1'])
  channels.onUp('hub-1')
  channels.want('b', 'needed')
  answer('hub-1', 7)
  channels.onClose('hub-1', { type: 'relay-close', channel: 8 })
  assert.equal(asked.length, 1)
  channels.onClose('hub-1', { type: 'relay-close', channel: 7 })
  assert.equal(asked.length, 2)
  assert.deepEqual(told.at(-1), [])
  answer('hub-1', 12)
  channels.want('b', 'none')
  channels.onClose('hub-1', { type: 'relay-close', channel: 12 })
  assert.equal(asked.length, 2)
})

test('one that was not wanted for a while may have ended unheard: it is asked for again', async () => {
  const { asked, channels, answer, told } = ends(['hub-1'])
  channels.onUp('hub-1')
  channels.want('b', 'needed')
  answer('hub-1', 7)
  channels.want('b', 'none')
  channels.want('b', 'needed')
  assert.equal(asked.length, 2)
  answer('hub-1', 7)
  assert.equal(told.length, 1)
})

test('a relay that begins anew is asked whether the channel still is what it was', async () => {
  const { asked, channels, answer, told } = ends(['hub-1'])
  channels.onUp('hub-1')
  channels.want('b', 'needed')
  answer('hub-1', 7)
  channels.onDown('hub-1')
  channels.onUp('hub-1')
  assert.equal(asked.length, 2)
  answer('hub-1', 7)
  assert.equal(told.length, 1)
  channels.onUp('hub-1')
  answer('hub-1', 21)
  assert.deepEqual(told.at(-1), [{ relay: 'hub-1', channel: 21 }])
})

test('a thousand peers do not ask faster than a relay listens', async () => {
  const peers = Array.from({ length: 1_000 }, (_, at) => `p${at}`)
  const clock = virtualClock(0)
  let count = 0
  const channels = new Channels({ clock, send: () => count++, onChange: () => undefined })
  channels.configure(
    [named('hub-1')],
    peers.map((name, at) => ({ name, wireKey: keyAt(at) })),
  )
  channels.onUp('hub-1')
  for (const peer of peers) channels.want(peer, 'needed')
  await clock.advance(10_000)
  assert.ok(count > 140 && count <= 166, String(count))
  channels[Symbol.dispose]()
  assert.equal(clock.pending(), 0)
})

test('one for which a packet waits is asked about at once, however many wait', async () => {
  const { clock, channels, asked } = fleet(600)
  for (let at = 0; at < 600; at++) channels.want(`p${at}`, 'needed')
  await clock.advance(5_000)
  const beginMs = clock.nowMs()
  channels.hurry('p599')
  channels.hurry('p300')
  await clock.advance(200)
  const urgent = asked.filter(({ atMs }) => atMs > beginMs).map(({ peer }) => peer)
  assert.deepEqual(urgent.slice(0, 2).toSorted(), ['p300', 'p599'])
  channels[Symbol.dispose]()
  assert.equal(clock.pending(), 0)
})

test('what the relay denies is asked again ever more seldom, and at once when the relay begins anew or a packet waits', async () => {
  for (const status of [relayStatus.absent, relayStatus.full]) {
    const { clock, channels, asked, answer } = fleet(1)
    channels.want('p0', 'needed')
    for (let second = 0; second < 3_600; second++) {
      answer(0, 0, status)
      await clock.advance(1_000)
    }
    // Eleven within 18 minutes, and then one in ten.
    assert.ok(asked.length <= 16, String(asked.length))
    const before = asked.length
    channels.hurry('p0')
    assert.equal(asked.length, before + 1)
    await clock.advance(700_000)
    answer(0, 0, status)
    channels.onUp('hub-1')
    assert.ok(asked.length > before + 2)
    channels[Symbol.dispose]()
  }
})

test('packets that wait without end do not begin the pauses anew each time', async () => {
  const { clock, channels, asked, answer } = fleet(1)
  channels.want('p0', 'needed')
  for (let tick = 0; tick < 600; tick++) {
    channels.hurry('p0')
    answer(0, 0, relayStatus.absent)
    await clock.advance(100)
  }
  assert.ok(asked.length <= 50, String(asked.length))
  channels[Symbol.dispose]()
})

test('a channel that goes on is not forgotten because its relay knows nothing of it', () => {
  const { channels, open, answer } = fleet(1)
  channels.want('p0', 'needed')
  answer(0, 7)
  for (const status of [relayStatus.absent, relayStatus.full]) answer(0, 0, status)
  assert.equal(open.get('p0'), 1)
  channels.onClose('hub-1', { type: 'relay-close', channel: 7 })
  assert.equal(open.get('p0'), 0)
})

test('a relay that begins to relay is asked at once, however long the pause was, and no oftener than it has news', async () => {
  const { clock, channels, asked, answer } = fleet(2)
  const news = (): void => channels.onClose('hub-1', { type: 'relay-close', channel: 0 })
  channels.want('p0', 'needed')
  for (let second = 0; second < 3_600; second++) {
    answer(0, 0, relayStatus.refused)
    await clock.advance(1_000)
  }
  const before = asked.length
  news()
  assert.deepEqual(
    asked.slice(before).map(({ peer }) => peer),
    ['p0'],
  )
  answer(0, 7)
  for (let count = 0; count < 100; count++) news()
  assert.equal(asked.length, before + 1)
  channels.onClose('hub-1', { type: 'relay-close', channel: 7 })
  answer(0, 0, relayStatus.refused)
  for (let count = 0; count < 100; count++) {
    news()
    await clock.advance(10)
  }
  assert.ok(asked.length <= before + 5, String(asked.length - before))
  channels[Symbol.dispose]()
})

test('a relay that gives out number after number is followed some of the way', async () => {
  const { clock, channels, open, answer } = fleet(1)
  channels.want('p0', 'needed')
  let changes = 0
  for (let number = 1; number <= 1_000; number++) {
    const before = channels.of('p0')[0]?.channel
    answer(0, number)
    if (channels.of('p0')[0]?.channel !== before) changes++
    await clock.advance(10)
  }
  assert.ok(changes <= 8 + 2, String(changes))
  assert.equal(open.get('p0'), 1)
  channels[Symbol.dispose]()
})
