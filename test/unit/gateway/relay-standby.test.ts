/** Two relays stand by for each other: where one says what is not so, is away, is taken out, or gives out number after number. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Channels } from '../../../firmware/gateway/relay/channels.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { relayStatus } from '../../../firmware/wire/control-item.ts'
import { named } from './relay-fleet.ts'

/** A peer to be reached through two relays, both up; the first has a channel to it. */
function twoRelays() {
  const clock = virtualClock(0)
  const asked: string[] = []
  const channels = new Channels({
    clock,
    send: (relay) => asked.push(relay),
    onChange: () => undefined,
  })
  const answer = (relay: string, channel: number): void =>
    channels.onChannel(relay, {
      ...{ type: 'relay-channel', channel, status: relayStatus.open, deviceId: named('b').wireKey },
    })
  const relays = ['hub-1', 'hub-2'].map(named)
  channels.configure(relays, [named('b')])
  for (const { name } of relays) channels.onUp(name)
  channels.want('b', 'needed')
  answer('hub-1', 7)
  const take = (): string[] => asked.splice(0)
  take()
  return { clock, channels, answer, relays, take }
}

test('a doubt is put to the relay after the doubted one, and once both have a channel to each in turn', async () => {
  const { clock, channels, answer, take } = twoRelays()
  channels.hurry('b', true)
  assert.deepEqual(take(), ['hub-2'])
  answer('hub-2', 9)
  for (const [relay, number] of [
    ['hub-1', 7],
    ['hub-2', 9],
    ['hub-1', 7],
  ] as const) {
    await clock.advance(10_000)
    channels.hurry('b', true)
    assert.deepEqual(take(), [relay])
    answer(relay, number)
  }
  channels[Symbol.dispose]()
})

test('packets that wait in spite of a channel are not put off by the relay that says it is there', async () => {
  const { clock, channels, answer, take } = twoRelays()
  channels.hurry('b')
  assert.deepEqual(take(), ['hub-1'])
  answer('hub-1', 7)
  const asked: string[] = []
  for (let second = 0; second < 20 && !asked.includes('hub-2'); second++) {
    await clock.advance(1_000)
    channels.hurry('b')
    asked.push(...take())
    answer('hub-1', 7)
  }
  assert.deepEqual([asked.length <= 6, asked.at(-1)], [true, 'hub-2'])
  channels[Symbol.dispose]()
})

test('one whose relay is down or no relay any more is asked for at the other, unbidden', () => {
  const down = twoRelays()
  down.channels.onDown('hub-1')
  assert.deepEqual(down.take(), ['hub-2'])
  down.channels[Symbol.dispose]()
  const gone = twoRelays()
  gone.channels.configure(gone.relays.slice(1), [named('b')])
  assert.deepEqual([gone.take(), gone.channels.of('b')], [['hub-2'], []])
  gone.channels[Symbol.dispose]()
})

test('a configuration that takes nothing away asks nobody', () => {
  const { channels, relays, take } = twoRelays()
  channels.configure(relays, [named('b')])
  assert.deepEqual(take(), [])
  channels[Symbol.dispose]()
})

test('a relay that gives out number after number uses up its own changes and not those of the other', () => {
  const { channels, answer } = twoRelays()
  for (let number = 100; number < 200; number++) answer('hub-1', number)
  answer('hub-2', 9)
  assert.equal(channels.of('b').find(({ relay }) => relay === 'hub-2')?.channel, 9)
  channels[Symbol.dispose]()
})
