/** Two boxes agree on a speed test: over a virtual clock, with the program in memory and items that may be lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SpeedServer } from '../../../../firmware/gateway/diagnose/speed-server.ts'
import { openSpeedTalk } from '../../../../firmware/gateway/diagnose/speed-talk.ts'
import { virtualClock } from '../../../../firmware/host/clock/virtual.ts'
import { fakeTools } from '../../../../firmware/host/diagnose/fake.ts'
import type { Ended } from '../../../../firmware/host/system/follow.ts'
import type { DeviceConfig } from '../../../../firmware/model/device-config.ts'
import { type SpeedAnswer, type SpeedItem, speedStatus } from '../../../../firmware/wire/speed.ts'
import { sampleConfig } from '../../model/sample-config.ts'

/** A box that is asked. Its program listens at once, and ends when it is told to. */
function asked() {
  const clock = virtualClock()
  const tools = fakeTools()
  const said: [peer: string, answer: SpeedAnswer][] = []
  const state = { isBusy: false, running: 0, config: sampleConfig() as DeviceConfig | null }
  tools.program = (_, { onData, signal }) => {
    onData(Buffer.from('---\nServer listening on 5210 (test #1)\n'))
    state.running++
    return new Promise<Ended>((resolve) =>
      signal.addEventListener('abort', () => {
        state.running--
        resolve({ code: 1, said: 'iperf3: interrupt - the server has terminated' })
      }),
    )
  }
  const server = new SpeedServer({
    ...{ clock, tools, log: { info: () => {}, warn: () => {} } },
    config: () => state.config,
    isBusy: () => state.isBusy,
    send: async (peer, item) => {
      said.push([peer, item as SpeedAnswer])
      return true
    },
  })
  const open = async (peer: string, id: number, more: object = {}): Promise<number | undefined> => {
    const before = said.length
    const address = peer === 'lisbon' ? '10.0.7.1' : '10.0.0.1'
    const item = { type: 'speed-open', id, vni: 100, seconds: 5, address, ...more } as const
    void server.onOpen(peer, item)
    await clock.advance(0)
    return said[before]?.[1].status
  }
  return { clock, tools, said, state, server, open }
}

test('a peer that asks is let in to the box’s own address in the segment, until it says that it is over', async () => {
  const { clock, tools, said, state, server, open } = asked()
  assert.equal(await open('lisbon', 7), speedStatus.agreed)
  assert.deepEqual(said, [
    ['lisbon', { type: 'speed-answer', id: 7, status: 0, port: 5210, address: '10.1.0.1' }],
  ])
  const [[door, seconds]] = [...tools.doors] as [[object, number]]
  assert.deepEqual(door, { family: 4, from: '10.0.7.1', to: '10.1.0.1', port: 5210 })
  assert.ok(seconds >= 10 && seconds <= 30, String(seconds))
  const [argv] = tools.calls
  assert.match(argv!.join(' '), /^setpriv --reuid=65534 .*iperf3 -s -4 -B 10\.1\.0\.1 -p 5210 /)
  server.onClose('hub-1', { type: 'speed-close', id: 7 })
  server.onClose('lisbon', { type: 'speed-close', id: 8 })
  await clock.advance(0)
  assert.equal(state.running, 1, 'another’s word ended it')
  server.onClose('lisbon', { type: 'speed-close', id: 7 })
  await clock.advance(0)
  assert.deepEqual([state.running, tools.doors.size, server.isBusy], [0, 0, false])
  assert.equal(clock.pending(), 0)
})

test('where nobody says so it ends by itself, whatever time was asked for', async () => {
  const { clock, tools, state, open } = asked()
  await open('lisbon', 7, { seconds: 65_535 })
  await clock.advance(60_000)
  assert.deepEqual([state.running, tools.doors.size, clock.pending()], [0, 0, 0])
})

test('asked again for the same test it says the same again, and begins no other', async () => {
  const { tools, said, open } = asked()
  await open('lisbon', 7)
  await open('lisbon', 7)
  assert.equal(said.length, 2)
  assert.deepEqual(said[0], said[1])
  assert.equal(tools.calls.length, 1)
})

test('one at a time, one of a peer each half minute, and none while this box measures itself', async () => {
  const { clock, tools, state, server, open } = asked()
  await open('lisbon', 7)
  assert.equal(await open('hub-1', 1), speedStatus.busy)
  server.onClose('lisbon', { type: 'speed-close', id: 7 })
  await clock.advance(1_000)
  assert.equal(await open('lisbon', 8), speedStatus.often)
  assert.equal(await open('hub-1', 2), speedStatus.agreed)
  server.onClose('hub-1', { type: 'speed-close', id: 2 })
  await clock.advance(30_000)
  state.isBusy = true
  assert.equal(await open('lisbon', 9), speedStatus.busy)
  state.isBusy = false
  assert.equal(await open('lisbon', 10), speedStatus.agreed)
  assert.equal(tools.calls.length, 3)
})

test('an address that is not the peer’s there, an unknown segment or family lets nobody in', async () => {
  const { clock, tools, state, open } = asked()
  for (const [peer, more] of [
    ['lisbon', { address: '10.0.0.1' }],
    ['lisbon', { vni: 200 }],
    ['lisbon', { vni: 300 }],
    ['lisbon', { address: 'fd00::1' }],
    ['stranger', {}],
  ] as const) {
    assert.equal(await open(peer, 1, more), speedStatus.nowhere)
    await clock.advance(2_000)
  }
  state.config = null
  assert.equal(await open('lisbon', 2), speedStatus.nowhere)
  assert.deepEqual([tools.calls.length, tools.doors.size], [0, 0])
})

test('no program, one that ends, one that does not listen, a firewall that takes nothing: each is told, and leaves nothing', async () => {
  const { clock, tools, said, state, open } = asked()
  const good = tools.program
  tools.program = () => ({ code: 127, said: 'nice: ‘iperf3’: No such file or directory' })
  assert.equal(await open('lisbon', 1), speedStatus.absent)
  assert.equal(await open('lisbon', 2), speedStatus.absent, 'a moment later it is so still')
  await clock.advance(30_000)
  tools.program = () => ({ code: 1, said: 'iperf3: error - unable to start listener' })
  assert.equal(await open('lisbon', 3), speedStatus.failed)
  await clock.advance(30_000)
  tools.program = (argv, following) => good(argv, { ...following, onData: () => {} })
  assert.equal(await open('lisbon', 4), undefined)
  await clock.advance(2_000)
  assert.equal(said.at(-1)![1].status, speedStatus.failed)
  await clock.advance(30_000)
  tools.program = good
  const { openDoor } = tools
  const { CausewayError } = await import('../../../../firmware/model/errors.ts')
  tools.openDoor = async () => {
    throw new CausewayError('HOST_COMMAND_FAILED', 'nft failed')
  }
  assert.equal(await open('lisbon', 5), speedStatus.failed)
  tools.openDoor = openDoor
  assert.deepEqual([state.running, tools.doors.size, clock.pending()], [0, 0, 0])
})

test('a peer that floods is not answered as often as it asks; a gateway that ends takes its program along', async () => {
  const { clock, said, state, server, open } = asked()
  for (let id = 0; id < 100; id++) await open('lisbon', 1_000 + id)
  assert.ok(said.length < 10, String(said.length))
  server[Symbol.dispose]()
  await clock.advance(0)
  assert.equal(state.running, 0)
  assert.equal(await open('hub-1', 1), undefined)
})

test('the asker asks three times, hears the answer of its peer alone, and gives up after 3 s', async () => {
  const clock = virtualClock()
  const sent: SpeedItem[] = []
  let hasSession = true
  let lost = 0
  const talk = openSpeedTalk({
    ...{ clock, random: (bytes) => Buffer.alloc(bytes, sent.length + 1) },
    send: async (_, item) => {
      if (item.type === 'speed-open' && lost-- <= 0) sent.push(item)
      return hasSession
    },
  })
  const ask = () =>
    talk.ask('lisbon', { vni: 100, seconds: 5, address: '10.1.0.1' }, new AbortController().signal)
  const silent = ask()
  await clock.advance(3_000)
  assert.equal(await silent, 'silent')
  assert.equal(sent.length, 3)
  assert.ok(sent.every((item) => item.id === sent[0]!.id))
  lost = 1
  const heard = ask()
  await clock.advance(1_000)
  const { id } = sent.at(-1)!
  const answer = { type: 'speed-answer', id, status: 0, port: 5210, address: '10.0.7.1' } as const
  talk.onAnswer('hub-1', { ...answer, status: 1 })
  talk.onAnswer('lisbon', { ...answer, id: id ^ 1, status: 1 })
  talk.onAnswer('lisbon', answer)
  assert.deepEqual(await heard, answer)
  assert.equal(clock.pending(), 0)
  hasSession = false
  const unsent = ask()
  await clock.advance(3_000)
  assert.equal(await unsent, 'unsent')
  const stopped = new AbortController()
  const given = talk.ask('lisbon', { vni: 1, seconds: 5, address: '::' }, stopped.signal)
  stopped.abort()
  assert.equal(await given, 'silent')
})
