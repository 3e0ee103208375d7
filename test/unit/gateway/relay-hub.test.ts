/** The relay's half: whom it opens channels between, what it tells whom, and what it refuses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hub } from '../../../firmware/gateway/relay/hub.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { fakeChannels } from '../../../firmware/host/datapath/fake-channels.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { ChannelEnd, ChannelProgram } from '../../../firmware/model/traversal-program.ts'
import { type ControlItem, type Item, relayStatus } from '../../../firmware/wire/control-item.ts'

const keyOf = (name: string): Buffer => Buffer.alloc(32, name)
const openTo = (name: string): Item<'relay-open'> => ({ type: 'relay-open', deviceId: keyOf(name) })

function hubOf(names: readonly string[], rateBps: number | null = 50e6) {
  const clock = virtualClock(0)
  const channels = fakeChannels()
  const up = new Set(names)
  const told: { peer: string; item: ControlItem }[] = []
  const cleared: ChannelEnd[] = []
  let next = 0
  const hub = new Hub({
    clock,
    random: () => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(++next)
      return bytes
    },
    log: { info: () => undefined, warn: () => undefined },
    datapath: () => ({
      openChannel: async (channel: ChannelProgram) => {
        const fault = channels.open(channel, names)
        if (fault !== null) throw new CausewayError('DATAPATH_REFUSED', fault)
      },
      closeChannel: async (end) => {
        cleared.push(...(end.channel === 0 ? channels.clear(end.peer) : []))
        channels.close(end)
      },
    }),
    isUp: (peer) => up.has(peer),
    send: (peer, item) => told.push({ peer, item }),
  })
  hub.configure(
    names.map((name) => ({ name, wireKey: keyOf(name) })),
    rateBps,
  )
  return { hub, channels, cleared, up, told, clock, take: () => told.splice(0) }
}

const channelItem = (channel: number, other: string, status: number = relayStatus.open) => ({
  ...{ type: 'relay-channel', channel, status, deviceId: keyOf(other) },
})

test('a channel is opened both ways, and each end is told its own number and who is behind it', async () => {
  const { hub, channels, take } = hubOf(['a', 'b'])
  await hub.onOpen('a', openTo('b'))
  assert.deepEqual(channels.list(), [
    { peer: 'a', channel: 1, to: 'b', toChannel: 2, rateBps: 50e6 },
  ])
  assert.deepEqual(take(), [
    { peer: 'a', item: channelItem(1, 'b') },
    { peer: 'b', item: channelItem(2, 'a') },
  ])
})

test('asked again, by either end, it says the same; asked by both at once, it opens one', async () => {
  const { hub, channels, take } = hubOf(['a', 'b'])
  await Promise.all([hub.onOpen('a', openTo('b')), hub.onOpen('b', openTo('a'))])
  assert.equal(take().length, 2)
  await hub.onOpen('b', openTo('a'))
  assert.deepEqual(take(), [{ peer: 'b', item: channelItem(2, 'a') }])
  assert.equal(channels.list().length, 1)
})

test('a stranger, the asker itself, and any peer of a box that relays nothing are refused', async () => {
  const { hub, take } = hubOf(['a', 'b'])
  for (const name of ['x', 'a']) {
    await hub.onOpen('a', openTo(name))
    assert.deepEqual(take(), [{ peer: 'a', item: channelItem(0, name, relayStatus.refused) }])
  }
  const silent = hubOf(['a', 'b'], null)
  await silent.hub.onOpen('a', openTo('b'))
  assert.deepEqual(silent.take(), [{ peer: 'a', item: channelItem(0, 'b', relayStatus.refused) }])
})

test('a peer without a session is absent', async () => {
  const { hub, up, take } = hubOf(['a', 'b'])
  up.delete('b')
  await hub.onOpen('a', openTo('b'))
  assert.deepEqual(take(), [{ peer: 'a', item: channelItem(0, 'b', relayStatus.absent) }])
})

test('a device has 64 channels and no more', async () => {
  const names = ['a', ...Array.from({ length: 65 }, (_, at) => String.fromCharCode(0x100 + at))]
  const { hub, channels, clock, take } = hubOf(names)
  for (const name of names.slice(1)) {
    await hub.onOpen('a', openTo(name))
    await clock.advance(100)
  }
  assert.equal(channels.list().length, 64)
  assert.deepEqual(take().at(-1)?.item, channelItem(0, names.at(-1)!, relayStatus.full))
})

test('questions that come too fast are left unanswered, of that peer alone', async () => {
  const { hub, clock, take } = hubOf(['a', 'b'])
  for (let count = 0; count < 100; count++) await hub.onOpen('a', openTo('x'))
  assert.equal(take().length, 40)
  await hub.onOpen('b', openTo('x'))
  assert.equal(take().length, 1)
  await clock.advance(1_000)
  await hub.onOpen('a', openTo('x'))
  assert.equal(take().length, 1)
})

test('whoever is left is told when a channel ends, and when the other end closes it', async () => {
  const { hub, channels, up, take } = hubOf(['a', 'b'])
  await hub.onOpen('a', openTo('b'))
  take()
  up.delete('a')
  hub.onEnded('a', 1)
  assert.deepEqual(take(), [{ peer: 'b', item: { type: 'relay-close', channel: 2 } }])
  up.add('a')
  channels.close({ peer: 'a', channel: 1 })
  await hub.onOpen('b', openTo('a'))
  take()
  hub.onClose('b', { type: 'relay-close', channel: 3 })
  assert.deepEqual(channels.list(), [])
  assert.deepEqual(take().length, 2)
  // Numbers are good for the one that they were given to.
  hub.onClose('a', { type: 'relay-close', channel: 3 })
  assert.deepEqual(take(), [])
})

test('peers that are configured no more lose their channels; so do all when relaying ends', async () => {
  const { hub, channels, take } = hubOf(['a', 'b', 'c'])
  await hub.onOpen('a', openTo('b'))
  await hub.onOpen('a', openTo('c'))
  take()
  hub.configure(
    ['a', 'b'].map((name) => ({ name, wireKey: keyOf(name) })),
    50e6,
  )
  assert.deepEqual(
    channels.list().map(({ to }) => to),
    ['b'],
  )
  hub.configure(
    ['a', 'b'].map((name) => ({ name, wireKey: keyOf(name) })),
    null,
  )
  assert.deepEqual(channels.list(), [])
})

test('an end of a channel that a gateway before this one opened is told, too', () => {
  const { hub, take } = hubOf(['a', 'b'])
  hub.onEnded('a', 77)
  assert.deepEqual(take(), [{ peer: 'a', item: { type: 'relay-close', channel: 77 } }])
})

test('another rate is one of all channels: they are closed, and opened anew as they are asked for', async () => {
  const { hub, channels, take } = hubOf(['a', 'b'])
  const peers = ['a', 'b'].map((name) => ({ name, wireKey: keyOf(name) }))
  await hub.onOpen('a', openTo('b'))
  take()
  hub.configure(peers, 50e6)
  assert.deepEqual([channels.list().length, take()], [1, []])
  hub.configure(peers, 8e6)
  assert.deepEqual(
    take().map(({ peer, item }) => [peer, item.type]),
    [
      ['a', 'relay-close'],
      ['b', 'relay-close'],
    ],
  )
  await hub.onOpen('b', openTo('a'))
  assert.deepEqual(
    channels.list().map(({ rateBps }) => rateBps),
    [8e6],
  )
})

test('what the datapath forwards for a gateway before this one goes on, but where nothing is relayed now', async () => {
  for (const rateBps of [50e6, null]) {
    const { hub, channels, cleared, take } = hubOf(['a', 'b'], rateBps)
    channels.open({ peer: 'b', channel: 8, to: 'a', toChannel: 7, rateBps: 50e6 }, ['a', 'b'])
    hub.reset()
    await hub.take()
    for (const { peer, channel } of cleared) hub.onEnded(peer, channel)
    assert.equal(channels.list().length, rateBps === null ? 0 : 1)
    const closes = [
      { peer: 'b', item: { type: 'relay-close', channel: 8 } },
      { peer: 'a', item: { type: 'relay-close', channel: 7 } },
    ]
    assert.deepEqual(take(), rateBps === null ? closes : [])
  }
})

test('what is in the way of a new channel, and nobody here knows, is ended once', async () => {
  const { hub, channels, take } = hubOf(['a', 'b', 'c'])
  for (let number = 100; number < 164; number++) {
    const names = { peer: 'a', to: 'c' }
    channels.open({ ...names, channel: number, toChannel: number, rateBps: 50e6 }, ['a', 'c'])
  }
  hub.reset()
  await hub.onOpen('a', openTo('b'))
  assert.deepEqual(take(), [{ peer: 'a', item: channelItem(0, 'b', relayStatus.full) }])
  await hub.onOpen('a', openTo('b'))
  assert.deepEqual(
    channels.list().map(({ to }) => to),
    ['b'],
  )
})
