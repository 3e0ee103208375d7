/** The end's half: which relay is asked for a channel to a peer, how often, and what is made of the answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Channel, Channels } from '../../../firmware/gateway/relay/channels.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { relayStatus } from '../../../firmware/wire/control-item.ts'

const keyOf = (name: string): Buffer => Buffer.alloc(32, name)
const named = (name: string) => ({ name, wireKey: keyOf(name) })

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
  channels.want('b', true)
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
  channels.want('b', true)
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
  channels.want('b', true)
  answer('hub-1', 7)
  channels.onClose('hub-1', { type: 'relay-close', channel: 8 })
  assert.equal(asked.length, 1)
  channels.onClose('hub-1', { type: 'relay-close', channel: 7 })
  assert.equal(asked.length, 2)
  assert.deepEqual(told.at(-1), [])
  answer('hub-1', 12)
  channels.want('b', false)
  channels.onClose('hub-1', { type: 'relay-close', channel: 12 })
  assert.equal(asked.length, 2)
})

test('one that was not wanted for a while may have ended unheard: it is asked for again', async () => {
  const { asked, channels, answer, told } = ends(['hub-1'])
  channels.onUp('hub-1')
  channels.want('b', true)
  answer('hub-1', 7)
  channels.want('b', false)
  channels.want('b', true)
  assert.equal(asked.length, 2)
  answer('hub-1', 7)
  assert.equal(told.length, 1)
})

test('a relay that begins anew is asked whether the channel still is what it was', async () => {
  const { asked, channels, answer, told } = ends(['hub-1'])
  channels.onUp('hub-1')
  channels.want('b', true)
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
  for (const peer of peers) channels.want(peer, true)
  await clock.advance(10_000)
  assert.ok(count > 140 && count <= 166, String(count))
  channels[Symbol.dispose]()
  assert.equal(clock.pending(), 0)
})

function keyAt(at: number): Buffer {
  const key = Buffer.alloc(32)
  key.writeUInt32BE(at)
  return key
}
