/** How `causeway paths` reads. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathsText } from '../../../firmware/cli/path-text.ts'
import { eventText } from '../../../firmware/cli/text.ts'
import type { PathAnswer } from '../../../firmware/model/local-api-path.ts'
import { sampleReach } from '../plan/sample-reach.ts'

const unknown = { lossRatio: null, lateRatio: null, jitterSeconds: null }

const well: PathAnswer = {
  number: 0,
  uplink: 'wan0',
  remoteUplink: 1,
  endpoint: '203.0.113.2:51820',
  relay: null,
  state: 'up',
  stateSeconds: 305,
  reason: null,
  explanation: null,
  lastHeardSeconds: 0.04,
  isMetered: false,
  isBackup: false,
  isBest: true,
  isLearned: false,
  rttSeconds: 0.0101,
  rttP50Seconds: 0.00912,
  rttP95Seconds: 0.0123,
  rttP99Seconds: 0.1147,
  rx: { lossRatio: 0, lateRatio: 0, jitterSeconds: 0.0002 },
  tx: { lossRatio: 0.0012, lateRatio: null, jitterSeconds: null },
  mtuBytes: 1432,
  throughput: { rxBitsPerSecond: 900, txBitsPerSecond: 2.5e6 },
  failures: 0,
}

const cut: PathAnswer = {
  ...well,
  uplink: 'lte0',
  remoteUplink: null,
  state: 'down',
  stateSeconds: 12,
  reason: 'silent',
  explanation: 'nothing is heard by it',
  isMetered: true,
  isBackup: true,
  isBest: false,
  rttSeconds: null,
  rttP50Seconds: null,
  rttP95Seconds: null,
  rttP99Seconds: null,
  rx: unknown,
  tx: unknown,
  mtuBytes: null,
  throughput: null,
  failures: 3,
}

test('a table of paths, and below it why those that are not up are not', () => {
  const answer = {
    peers: [
      { peer: 'lisbon', reach: sampleReach(), paths: [well, cut] },
      { peer: 'oslo', reach: sampleReach(), paths: [] },
    ],
  }
  const [head, one, other, gap, ...lines] = pathsText(answer, { isWide: true }).split('\n')
  const cells = (row: string): string[] => row.split(/ {2,}/)
  assert.deepEqual(cells(one!), [
    ...['best', 'lisbon', 'wan0', '203.0.113.2:51820', '1', 'up', '5 min', '10.1 ms'],
    ...['9.12/12.3/115 ms', '0/0.12 %', '0/– %', '0.20/– ms', '1432'],
    ...['900 bit/s', '2.5 Mbit/s', '0'],
  ])
  assert.deepEqual(cells(other!), [
    ...['', 'lisbon', 'lte0', '203.0.113.2:51820', '–', 'down', '12 s', '–'],
    ...['–', '–', '–', '–', '–', '–', '–', '3', 'metered, backup'],
  ])
  assert.equal(head!.indexOf('LOSS IN/OUT'), one!.indexOf('0/0.12 %'))
  assert.equal(gap, '')
  assert.deepEqual(lines, [
    'oslo: no path is known',
    'lisbon by lte0 to 203.0.113.2:51820: nothing is heard by it',
    '',
  ])
  assert.equal(pathsText({ peers: [] }, { isWide: false }), 'no peer is configured\n')
})

test('without --wide there is what fits into a window', () => {
  const busy: PathAnswer = {
    ...{ ...well, uplink: 'broadband-1', isBest: false, isMetered: true, isBackup: true },
    ...{ throughput: { rxBitsPerSecond: 16.5e6, txBitsPerSecond: 21.1e3 }, failures: 12 },
  }
  const peers = [{ peer: 'lisbon', reach: sampleReach(), paths: [well, busy] }]
  const [head, ...rows] = pathsText({ peers }, { isWide: false }).trimEnd().split('\n')
  const heads = ['', 'PEER', 'UPLINK', 'ENDPOINT', 'STATE', 'FOR', 'RTT', 'LOSS IN/OUT']
  assert.deepEqual(head!.split(/ {2,}/), [
    ...heads,
    ...['JITTER IN/OUT', 'IN', 'OUT', 'FAILED', 'NOTES'],
  ])
  assert.match(rows[0]!, /^best {2}lisbon {2}wan0 /)
  assert.match(rows[1]!, /^ {6}lisbon {2}broadband-1 .* 12 +metered, backup$/)
  for (const row of rows) assert.ok(row.length <= 150, String(row.length))
})

test('what was measured of a path is not shown while it is down', () => {
  const down: PathAnswer = { ...well, state: 'down', isBest: false, explanation: 'it is cut' }
  for (const isWide of [false, true]) {
    const text = pathsText(
      { peers: [{ peer: 'lisbon', reach: sampleReach(), paths: [down] }] },
      { isWide },
    )
    assert.doesNotMatch(text, / ms| %/)
    assert.match(text, /lisbon {2}wan0 .* down .* – /)
  }
})

test('events of paths say which, and why', () => {
  const at = new Date(Date.UTC(2026, 0, 2, 3, 4, 5))
  const place = {
    ...{ peer: 'lisbon', uplink: 'lte0', remoteUplink: 1 },
    endpoint: '203.0.113.2:51820',
    relay: null,
  }
  const said = { reason: 'silent', explanation: 'nothing is heard by it' } as const
  const none = { reason: null, explanation: null } as const
  for (const [event, words] of [
    [
      { kind: 'path', ...place, state: 'down', ...said },
      'path lte0 to 203.0.113.2:51820 of lisbon is down: nothing is heard by it',
    ],
    [
      { kind: 'path', ...place, state: 'up', ...none },
      'path lte0 to 203.0.113.2:51820 of lisbon is up',
    ],
    [{ kind: 'best-path', ...place }, 'peer lisbon is reached by lte0 to 203.0.113.2:51820 now'],
  ] as const) {
    assert.equal(eventText(event, at), `2026-01-02 03:04:05Z  ${words}\n`)
  }
})
