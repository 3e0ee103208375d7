/** The relay's half: whom it opens channels between, what it tells whom, and what it refuses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hub } from '../../../firmware/gateway/relay/hub.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { fakeChannels } from '../../../firmware/host/datapath/fake-channels.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { ChannelProgram } from '../../../firmware/model/traversal-program.ts'
import { type ControlItem, type Item, relayStatus } from '../../../firmware/wire/control-item.ts'

const keyOf = (name: string): Buffer => Buffer.alloc(32, name)
const openTo = (name: string): Item<'relay-open'> => ({ type: 'relay-open', deviceId: keyOf(name) })

function hubOf(names: readonly string[], rateBps: number | null = 50e6) {
  const clock = virtualClock(0)
  const channels = fakeChannels()
  const up = new Set(names)
  const told: { peer: string; item: ControlItem }[] = []
  const faults: CausewayError[] = []
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
      listChannels: async () => {
        const fault = faults.shift()
        if (fault !== undefined) throw fault
        return channels.counters()
      },
      closeChannel: async (end) => void channels.close(end),
    }),
    isUp: (peer) => up.has(peer),
    send: (peer, item) => told.push({ peer, item }),
  })
  hub.configure(
    names.map((name) => ({ name, wireKey: keyOf(name) })),
    rateBps,
  )
  const fail = (fault: CausewayError): void => void faults.push(fault)
  return { hub, channels, up, told, clock, fail, take: () => told.splice(0) }
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

const inherited = { peer: 'b', channel: 8, to: 'a', toChannel: 7 }

test('what the datapath forwards for a gateway before this one goes on, under the same numbers', async () => {
  const { hub, channels, take } = hubOf(['a', 'b'])
  channels.open({ ...inherited, rateBps: 50e6 }, ['a', 'b'])
  hub.reset()
  await hub.take()
  assert.deepEqual([channels.list().length, take()], [1, []])
  await hub.onOpen('a', openTo('b'))
  assert.deepEqual(take(), [{ peer: 'a', item: channelItem(7, 'b') }])
  hub.onEnded('b', 8)
  assert.equal(take().length, 2)
})

test('what it forwards otherwise than it would be opened now ends, and both ends are told: no relaying, another rate, another peer', async () => {
  const closes = [
    { peer: 'b', item: { type: 'relay-close', channel: 8 } },
    { peer: 'a', item: { type: 'relay-close', channel: 7 } },
  ]
  for (const [names, rateBps, told] of [
    [['a', 'b'], null, closes],
    [['a', 'b'], 8e6, closes],
    [['a'], 50e6, closes.slice(1)],
  ] as const) {
    const { hub, channels, take } = hubOf(names, rateBps)
    channels.open({ ...inherited, rateBps: 50e6 }, ['a', 'b'])
    hub.reset()
    await hub.take()
    assert.deepEqual([channels.list(), take()], [[], told])
  }
})

test('of two that it forwards between the same ends one goes on', async () => {
  const { hub, channels, take } = hubOf(['a', 'b', 'c'])
  for (let number = 100; number < 164; number++) {
    const names = { peer: 'a', to: 'c' }
    channels.open({ ...names, channel: number, toChannel: number, rateBps: 50e6 }, ['a', 'c'])
  }
  hub.reset()
  await hub.take()
  assert.deepEqual([channels.list().length, take().length], [1, 2 * 63])
  await hub.onOpen('a', openTo('b'))
  assert.equal(channels.list().length, 2)
})

test('a channel that ends while the datapath is being read is not one afterwards', async () => {
  const { hub, channels, take } = hubOf(['a', 'b'])
  channels.open({ ...inherited, rateBps: 50e6 }, ['a', 'b'])
  hub.reset()
  const reading = hub.take()
  channels.close({ peer: 'b', channel: 8 })
  hub.onEnded('b', 8)
  await reading
  take()
  await hub.onOpen('a', openTo('b'))
  assert.deepEqual(channels.list().length, 1)
  assert.equal((take()[0]!.item as { channel: number }).channel, channels.list()[0]!.channel)
})

test('a datapath that becomes another one while it is being read is read again', async () => {
  const { hub, channels } = hubOf(['a', 'b'], 8e6)
  channels.open({ ...inherited, rateBps: 50e6 }, ['a', 'b'])
  hub.reset()
  const reading = hub.take()
  hub.reset()
  await reading
  assert.equal(channels.list().length, 1)
  await hub.take()
  assert.equal(channels.list().length, 0)
})

test('a reading that fails leaves nothing half done: the next one makes up for it', async () => {
  const { hub, channels, take, fail } = hubOf(['a', 'b'], null)
  channels.open({ ...inherited, rateBps: 50e6 }, ['a', 'b'])
  hub.reset()
  fail(new CausewayError('DATAPATH_BUSY', 'as the test wants it'))
  await assert.rejects(hub.take(), { code: 'DATAPATH_BUSY' })
  assert.deepEqual(take(), [])
  await hub.take()
  assert.deepEqual(channels.list(), [])
})

const news = (peer: string) => ({ peer, item: { type: 'relay-close', channel: 0 } })

test('a box that begins to relay says so to whom it has a session with, three times; to nobody while it goes on', async () => {
  const { hub, clock, up, take } = hubOf(['a', 'b'], null)
  const peers = ['a', 'b'].map((name) => ({ name, wireKey: keyOf(name) }))
  await hub.take()
  await clock.advance(10_000)
  assert.deepEqual(take(), [])
  hub.configure(peers, 50e6)
  await hub.take()
  await clock.advance(0)
  assert.deepEqual(take(), [news('a'), news('b')])
  up.delete('a')
  await clock.advance(60_000)
  assert.deepEqual(take(), [news('b'), news('b')])
  hub.configure(peers, 20e6)
  await hub.take()
  await clock.advance(60_000)
  assert.deepEqual(take(), [])
  hub.configure(peers, null)
  hub.configure(peers, 20e6)
  await hub.take()
  hub.configure(peers, null)
  await clock.advance(60_000)
  assert.deepEqual(take(), [])
  assert.equal(clock.pending(), 0)
})
