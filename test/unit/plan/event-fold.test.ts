/** What happened in words: a sentence each, what repeats is one that goes on, what befalls many at once is one of all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiEvent } from '../../../firmware/model/local-api-event.ts'
import { isRecentEvents, type RecentEvent } from '../../../firmware/model/local-api-recent.ts'
import { openEventFold } from '../../../firmware/plan/event-fold.ts'
import { durationText, namesText } from '../../../firmware/plan/event-text.ts'

const startSeconds = 1_780_000_000

function begin(kept: readonly RecentEvent[] = []) {
  const fold = openEventFold(kept)
  let nowMs = 1_000
  const told: (RecentEvent | null)[] = []
  const box = {
    fold,
    told,
    wait: (seconds: number) => {
      nowMs += seconds * 1_000
      return box
    },
    take: (event: ApiEvent) => {
      const atSeconds = startSeconds + Math.round(nowMs / 1_000)
      const one = fold.take(event, { nowMs, atSeconds })
      assert.ok(isRecentEvents(one === null ? [] : [one]), JSON.stringify(one))
      told.push(one)
      return box
    },
    sentences: () => fold.recent().map(({ sentence }) => sentence),
  }
  return box
}

const uplink = (isUp: boolean | null, name = 'wan0'): ApiEvent => ({
  kind: 'uplink',
  uplink: name,
  isUp,
})
const peer = (
  name: string,
  state: 'up' | 'down' | 'connecting' | 'unreached' | null,
): ApiEvent => ({
  ...{ kind: 'peer', peer: name, state },
})
const path = (of: string, state: 'up' | 'down', name = 'wan0'): ApiEvent => ({
  ...{
    kind: 'path',
    peer: of,
    uplink: name,
    remoteUplink: 0,
    endpoint: '203.0.113.2:51820',
    state,
  },
  ...(state === 'up'
    ? { reason: null, explanation: null }
    : { reason: 'silent', explanation: 'nothing is heard by it' }),
})

test('each thing that happens is a sentence with its time and how bad it is, newest first', () => {
  const box = begin()
  box.take(uplink(true)).wait(900).take(uplink(false)).wait(1).take(path('lisbon', 'down'))
  box.wait(400).take({ kind: 'datapath', isConnected: false })
  box.take({ kind: 'config', revision: 43, source: 'file' })
  const seen = box.fold
    .recent()
    .map(({ severity, kind, subject, sentence }) => [severity, kind, subject, sentence])
  assert.deepEqual(seen, [
    ['info', 'config', null, 'revision 43 runs'],
    ['bad', 'datapath', null, 'the datapath does not answer'],
    ...[
      [
        'warning',
        'path',
        'lisbon',
        'the path to lisbon by wan0 (203.0.113.2:51820) is down: nothing is heard by it',
      ],
    ],
    ['bad', 'uplink', 'wan0', 'uplink wan0 is down: its NIC has no carrier'],
    ['good', 'uplink', 'wan0', 'uplink wan0 is up'],
  ])
  const [, , , down] = box.fold.recent()
  assert.deepEqual(
    [down!.atSeconds, down!.sinceSeconds, down!.times],
    [startSeconds + 901, startSeconds + 901, 1],
  )
})

test('what comes and goes is one event that says how often', () => {
  const box = begin()
  for (let round = 0; round < 7; round++) {
    box.take(uplink(false)).wait(20).take(uplink(true)).wait(30)
  }
  assert.deepEqual(box.sentences(), [
    'uplink wan0 went down and came back 7 times in 5 minutes',
    'uplink wan0 is up',
    'uplink wan0 is down: its NIC has no carrier',
  ])
  const [folded] = box.fold.recent()
  assert.equal(folded!.severity, 'warning')
  assert.equal(folded!.times, 7)
  assert.equal(folded!.sinceSeconds, startSeconds + 1)
  box.take(uplink(false))
  assert.equal(box.sentences()[0], 'uplink wan0 is down again, the 8th time in 6 minutes')
  assert.equal(box.fold.recent()[0]!.severity, 'bad')
  assert.equal(box.fold.recent().length, 3)
  assert.equal(
    new Set(box.told.slice(2).map((one) => one?.number)).size,
    1,
    'the same event goes on',
  )
})

test('after a quiet while it is another thing', () => {
  const box = begin()
  box.take(uplink(false)).wait(1).take(uplink(true)).wait(301).take(uplink(false))
  assert.equal(box.fold.recent().length, 3)
  assert.equal(box.sentences()[0], 'uplink wan0 is down: its NIC has no carrier')
})

test('a peer that is lost is told once, however it is looked for', () => {
  const box = begin()
  box.take(peer('lisbon', 'connecting')).take(peer('lisbon', 'up')).wait(400)
  box
    .take(peer('lisbon', 'unreached'))
    .take(peer('lisbon', 'connecting'))
    .take(peer('lisbon', 'down'))
  assert.deepEqual(box.sentences(), ['lisbon is not connected any more', 'lisbon is connected'])
})

test('what befalls many at once is one event of all of them', () => {
  const box = begin()
  const names = ['lisbon', 'oslo', 'rome', 'bern', 'porto', 'kiel']
  for (const name of names) box.take(peer(name, 'up')).take(path(name, 'up')).wait(0.2)
  assert.deepEqual(box.sentences(), [
    'the paths by wan0 to lisbon, oslo, rome and 3 others are up',
    'lisbon, oslo, rome and 3 others are connected',
  ])
  box.wait(400)
  for (const name of names) box.take(path(name, 'down')).wait(0.2)
  assert.equal(
    box.sentences()[0],
    'the paths by wan0 to lisbon, oslo, rome and 3 others are down: nothing is heard by it',
  )
  assert.equal(box.fold.recent()[0]!.subject, null)
  box.wait(4).take(path('lisbon', 'down', 'lte0'))
  assert.equal(box.fold.recent().length, 4)
})

test('trouble that changes is one trouble; that it is over is told', () => {
  const health = (...problems: string[]): ApiEvent => ({
    ...{ kind: 'health', isHealthy: problems.length === 0, problems },
  })
  const box = begin()
  box.take(health('uplink wan0 (eth0) is down')).wait(1)
  box
    .take(health('uplink wan0 (eth0) is down', 'peer lisbon is not reached'))
    .wait(9)
    .take(health())
  assert.deepEqual(box.sentences(), [
    'all is well',
    'not well: uplink wan0 (eth0) is down, and 1 more',
  ])
})

test('figures, and what is not known, are no events', () => {
  const box = begin()
  box.take(uplink(null)).take({ kind: 'sample', atSeconds: 1, uplinks: [], peers: [] })
  box.take({ kind: 'change', revision: 4, step: 'begun' }).take(peer('lisbon', null))
  assert.deepEqual(box.told, [null, null, null, null])
})

test('500 are kept; numbers go on after a restart', () => {
  const box = begin()
  for (let at = 0; at < 700; at++) box.take({ kind: 'config', revision: at, source: 'file' })
  const kept = box.fold.recent()
  assert.equal(kept.length, 500)
  assert.equal(kept[0]!.sentence, 'revision 699 runs')
  const again = begin(kept)
  assert.deepEqual(again.fold.recent(), kept)
  again.take(uplink(false))
  assert.equal(again.fold.recent()[0]!.number, 701)
  assert.equal(again.fold.recent().length, 500)
})

test('durations and names as people say them', () => {
  const said = [0.2, 1, 59, 99, 100, 300, 7_200, 86_400, 400_000].map(durationText)
  assert.deepEqual(said, [
    ...['1 second', '1 second', '59 seconds', '99 seconds', '2 minutes', '5 minutes'],
    ...['2 hours', '24 hours', '5 days'],
  ])
  assert.equal(namesText(['a']), 'a')
  assert.equal(namesText(['a', 'b']), 'a and b')
  assert.equal(namesText(['a', 'b', 'c', 'd']), 'a, b, c and d')
  assert.equal(namesText(['a', 'b', 'c', 'd', 'e']), 'a, b, c and 2 others')
})
