/** More peers than a device may have channels: whose they are, whose turn it is, and what nobody is asked for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { relayStatus } from '../../../firmware/wire/control-item.ts'
import { fleet, relayOf } from './relay-fleet.ts'

test('a fleet beyond 64 gives back what is wanted no more; a smaller one keeps it', () => {
  const small = fleet(64)
  small.channels.want('p0', 'needed')
  small.answer(0, 7)
  small.channels.want('p0', 'none')
  assert.deepEqual(small.closed, [])
  const large = fleet(65)
  large.channels.want('p0', 'needed')
  large.answer(0, 7)
  large.channels.want('p0', 'none')
  assert.deepEqual([large.closed, large.open.get('p0')], [[7], 0])
})

test('where 64 are open, one that nobody wants here makes room for one that is', () => {
  const { channels, asked, closed, answer } = fleet(70)
  for (let at = 0; at < 64; at++) answer(at, 100 + at)
  channels.want('p5', 'needed')
  answer(5, 105)
  const before = asked.length
  channels.want('p69', 'needed')
  // Not before its relay says that only room is lacking.
  assert.deepEqual(closed, [])
  answer(69, 0, relayStatus.full)
  assert.deepEqual([closed, asked.slice(before).map(({ peer }) => peer)], [[100], ['p69', 'p69']])
  channels[Symbol.dispose]()
})

test('of more than 64 that all need one each has its turn within some minutes, and keeps it for one', async () => {
  for (const count of [65, 100, 200]) {
    const parts = fleet(count)
    const { clock, channels, open } = parts
    const answerAll = relayOf(parts)
    for (let at = 0; at < count; at++) channels.want(`p${at}`, 'needed')
    const waitedMs = new Map<string, number>()
    let longestMs = 0
    for (let second = 0; second < 1_800; second++) {
      await clock.advance(1_000)
      const has = answerAll()
      assert.ok([...open.values()].filter((channels) => channels > 0).length <= 64)
      for (let at = 0; at < count; at++) {
        const waited = has.has(`p${at}`) ? 0 : (waitedMs.get(`p${at}`) ?? 0) + 1_000
        waitedMs.set(`p${at}`, waited)
        longestMs = Math.max(longestMs, waited)
      }
    }
    // A minute for each 64 that are before it, and a second for each of them.
    const boundMs = 60_000 * Math.ceil((count - 64) / 64) + 1_000 * (count - 64) + 5_000
    assert.ok(longestMs <= boundMs, `${count}: ${longestMs} ms`)
    channels[Symbol.dispose]()
    assert.equal(clock.pending(), 0)
  }
})

test('who needs one has that of who would only fall back on it, and who gives one back makes way at once', async () => {
  const parts = fleet(70)
  const { clock, channels, asked } = parts
  const answerAll = relayOf(parts)
  for (let at = 0; at < 64; at++) channels.want(`p${at}`, at === 9 ? 'spare' : 'needed')
  for (let step = 0; step < 50; step++) {
    await clock.advance(100)
    answerAll()
  }
  assert.equal(answerAll().size, 64)
  channels.want('p64', 'needed')
  channels.want('p65', 'spare')
  assert.ok(answerAll().has('p64') && !answerAll().has('p9'))
  assert.deepEqual(channels.answersOf('p65'), [{ relay: 'hub-1', state: 'full' }])
  const before = asked.length
  await clock.advance(50_000)
  // Nobody is asked in vain meanwhile.
  assert.equal(asked.length, before)
  channels.want('p3', 'none')
  await clock.advance(1_000)
  const has = answerAll()
  assert.ok(has.has('p65') !== has.has('p9'))
  channels[Symbol.dispose]()
})

/** 64 peers have one each, and have had it for long; a packet a second waits for one more, to whom the relay says this. */
async function tenMinutesOf(status: number) {
  const parts = fleet(66)
  const { clock, channels, asked, answer } = parts
  for (let at = 0; at < 64; at++) channels.want(`p${at}`, 'needed')
  const number = ({ peer }: { readonly peer: string }): number => Number(peer.slice(1))
  let askedAt = 0
  const answerAll = (): void => {
    for (; askedAt < asked.length; askedAt++) {
      const at = number(asked[askedAt]!)
      if (at < 64) answer(at, 100 + askedAt)
      else answer(at, 0, status)
    }
  }
  for (let second = 0; second < 90; second++) {
    await clock.advance(1_000)
    answerAll()
  }
  channels.want('p64', 'needed')
  for (let second = 0; second < 600; second++) {
    channels.hurry('p64')
    answerAll()
    await clock.advance(1_000)
  }
  return parts
}

test('for a peer that its relay does not have nobody gives up a channel, however often it is asked for', async () => {
  for (const status of [relayStatus.absent, relayStatus.refused]) {
    const { channels, closed, asked, open } = await tenMinutesOf(status)
    assert.deepEqual(closed, [])
    assert.equal([...open.values()].filter((count) => count > 0).length, 64)
    assert.ok(asked.length > 64 + 20, String(asked.length))
    channels[Symbol.dispose]()
  }
})

test('for one that has too many itself others give up theirs once a minute, and no oftener', async () => {
  const { channels, closed } = await tenMinutesOf(relayStatus.full)
  assert.ok(closed.length > 0 && closed.length <= 11, String(closed.length))
  channels[Symbol.dispose]()
})

test('who waits first has its turn when its relay ends a channel, and not because some peer says so', async () => {
  const parts = fleet(70)
  const { clock, channels, asked } = parts
  const answerAll = relayOf(parts)
  for (let at = 0; at < 65; at++) channels.want(`p${at}`, 'needed')
  for (let step = 0; step < 50; step++) {
    await clock.advance(100)
    answerAll()
  }
  const before = asked.length
  const mine = channels.of('p3')[0]!.channel
  for (const channel of [mine, 4_711, 0]) channels.onClose('p1', { type: 'relay-close', channel })
  for (let count = 0; count < 100; count++) {
    channels.onClose('p1', { type: 'relay-close', channel: mine })
    channels.onClose('hub-1', { type: 'relay-close', channel: 4_711 })
  }
  assert.deepEqual([asked.length, channels.of('p3').length], [before, 1])
  // Nor does it use up what others may ask.
  channels.hurry('p4')
  assert.deepEqual(asked.length, before + 1)
  answerAll()
  channels.onClose('hub-1', { type: 'relay-close', channel: mine })
  await clock.advance(100)
  assert.ok(asked.slice(before).some(({ peer }) => peer === 'p64'))
  channels[Symbol.dispose]()
})
