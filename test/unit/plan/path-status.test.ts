/** What people and monitoring are told of paths, out of what the datapath counts: by table. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Compile } from 'typebox/schema'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { type PathAnswer, PathsAnswer } from '../../../firmware/model/local-api-path.ts'
import { type PathCounters, pathReasons } from '../../../firmware/model/path-program.ts'
import { pathFaults } from '../../../firmware/model/path-reason.ts'
import { pathFamilies } from '../../../firmware/plan/path-metrics.ts'
import { composePaths, namePaths, summaryOf } from '../../../firmware/plan/path-status.ts'
import { noRates, ratesBetween } from '../../../firmware/plan/rates.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { reading, samplePath } from './sample-path.ts'
import { byHub, sampleReach } from './sample-reach.ts'

const config = sampleConfig() as DeviceConfig
const hub = 'hub-1'
const unreached = sampleReach({ how: 'none', seconds: 0 })

function named(paths: readonly PathCounters[], lost?: readonly string[]) {
  return namePaths(config, reading(paths, lost), noRates)
}

function answerTo(path: PathCounters, lost?: readonly string[]): PathAnswer {
  return named([path], lost).get(hub)![0]!.answer
}

const down = { state: 'down', reason: 'silent' } as const
const byLte = { uplink: 1, number: 1 } as const
/** It was not there when the program came, so the datapath calls it down; nobody ever answered. */
const untried = { state: 'down', reason: 'untried', rttUs: null } as const

test('a path is told in the names of the configuration, in seconds and ratios', () => {
  const later = { ...reading([samplePath({ rxBytes: 2000 })]), uptimeMs: 10_000 }
  const rates = ratesBetween(reading([samplePath()]), later)
  const answer = composePaths(namePaths(config, later, rates), [], config.peers)
  assert.ok(Compile(PathsAnswer).Check(answer))
  assert.deepEqual(answer.peers[0], {
    peer: hub,
    reach: unreached,
    paths: [
      {
        number: 0,
        uplink: 'wan0',
        remoteUplink: 1,
        endpoint: '198.51.100.7:51820',
        relay: null,
        state: 'up',
        stateSeconds: 12,
        reason: null,
        explanation: null,
        lastHeardSeconds: 0.04,
        isMetered: false,
        isBackup: false,
        isBest: false,
        isLearned: false,
        rttSeconds: 0.01,
        rttP50Seconds: 0.01024,
        rttP95Seconds: 0.012288,
        rttP99Seconds: 0.114688,
        rx: { lossRatio: null, lateRatio: null, jitterSeconds: 0.0025 },
        tx: { lossRatio: 0.0012, lateRatio: 0, jitterSeconds: 0.0003 },
        mtuBytes: 1432,
        throughput: { rxBitsPerSecond: 8000, txBitsPerSecond: 0 },
        failures: 2,
      },
    ],
  })
  assert.deepEqual(answer.peers[1], { peer: 'lisbon', reach: unreached, paths: [] })
})

test('a number that is another path now yields no rate', () => {
  const later = { ...reading([samplePath({ rxBytes: 10, txBytes: 9000 })]), uptimeMs: 10_000 }
  assert.equal(ratesBetween(reading([samplePath()]), later).paths.size, 0)
})

test('every reason of the datapath has its sentence', () => {
  for (const reason of pathReasons.slice(1)) {
    const answer = answerTo(samplePath({ state: 'down', reason }))
    assert.equal(answer.explanation, pathFaults[answer.reason!])
    assert.match(answer.explanation!, /^[a-z].{15,80}[^.]$/)
  }
})

test('without a session no path is up, and since when is when it was heard last', () => {
  const { state, stateSeconds, reason, isBest } = answerTo(samplePath({ isBest: true }), [hub])
  assert.deepEqual([state, stateSeconds, reason, isBest], ['down', 0.04, 'no-session', false])
})

test('paths are in the order of uplinks, learned ones last; those of nobody are left out', () => {
  const paths = [
    samplePath({ uplink: 1, number: 4 }),
    samplePath({ number: 3, isLearned: true, remoteUplink: null }),
    samplePath({ number: 2, remoteUplink: 2 }),
    samplePath({ number: 1, remoteUplink: 1 }),
    samplePath({ peer: 'gone', number: 0 }),
    samplePath({ uplink: 7, number: 5 }),
  ]
  const list = composePaths(named(paths), [], config.peers).peers[0]!.paths
  assert.deepEqual(
    list.map(({ number, uplink }) => [number, uplink]),
    [
      [1, 'wan0'],
      [2, 'wan0'],
      [3, 'wan0'],
      [4, 'lte0'],
      [5, 'uplink 7'],
    ],
  )
})

test('a peer says which uplink it is reached by, and how many of its paths are up', () => {
  const paths = [
    samplePath({ isBest: true }),
    samplePath({ ...byLte, ...down }),
    samplePath({ ...untried, number: 2 }),
    samplePath({ state: 'untried', reason: 'untried', rttUs: null, number: 3 }),
    samplePath({ isLearned: true, number: 4 }),
    samplePath({ ...down, isLearned: true, number: 5 }),
  ]
  assert.deepEqual(summaryOf(named(paths).get(hub)!), {
    uplink: 'wan0',
    paths: { up: 2, down: 1, untried: 2 },
  })
  const dead = summaryOf(named([samplePath({ ...down, isBest: true })]).get(hub)!)
  assert.equal(dead.uplink, null)
})

function metrics(paths: readonly PathCounters[]): readonly string[] {
  return pathFamilies({ site: 'berlin' }, named(paths)).join('').split('\n')
}

test('metrics of a path: state, round trips by share, each direction, and nothing that is not known', () => {
  const lines = metrics([samplePath({ isBest: true })])
  const labels = 'site="berlin",peer="hub-1",path="wan0→198.51.100.7:51820",uplink="wan0"'
  for (const line of [
    `causeway_path_up{${labels}} 1`,
    `causeway_path_best{${labels}} 1`,
    `causeway_path_failures_total{${labels}} 2`,
    `causeway_path_mtu_bytes{${labels}} 1432`,
    `causeway_path_rtt_smoothed_seconds{${labels}} 0.01`,
    `causeway_path_rtt_seconds{${labels},quantile="0.95"} 0.012288`,
    `causeway_path_loss_ratio{${labels},direction="tx"} 0.0012`,
    `causeway_path_jitter_seconds{${labels},direction="rx"} 0.0025`,
    `causeway_path_bytes_total{${labels},direction="rx"} 1000`,
  ]) {
    assert.ok(lines.includes(line), line)
  }
  assert.ok(!lines.some((line) => /loss_ratio.*direction="rx"/.test(line)))
  assert.ok(metrics([samplePath(down)]).includes(`causeway_path_up{${labels}} 0`))
})

test('where a peer was heard from makes no labels: the one that was heard last stands for its uplink', () => {
  const learned = { isLearned: true, remoteUplink: 2 } as const
  const lines = metrics([
    samplePath({ ...learned, number: 1, remotePort: 1, heardMs: 9000, txBytes: 1 }),
    samplePath({ ...learned, number: 2, remotePort: 2, heardMs: 10, txBytes: 2 }),
    samplePath({ ...learned, number: 3, remotePort: 3, heardMs: null, txBytes: 3 }),
    samplePath({ ...learned, number: 4, remotePort: 4, remoteUplink: null }),
  ])
  const sent = lines.filter((line) => /bytes_total.*direction="tx"/.test(line))
  assert.equal(sent.length, 2)
  assert.match(sent[0]!, /path="wan0→#2".* 2$/)
  assert.match(sent[1]!, /path="wan0→#\?"/)
})

test('a path through a relay is told by the name of who forwards, in tables, metrics and labels', () => {
  const change = { uplink: 254, remoteAddress: byHub, remotePort: 0, isRelayed: true }
  const through = samplePath({ ...change, peer: 'lisbon', isLearned: true })
  const { answer } = named([through]).get('lisbon')![0]!
  assert.equal(answer.uplink, 'relay')
  assert.equal(answer.endpoint, 'relay hub-1')
  assert.equal(answer.relay, 'hub-1')
  assert.match(pathFamilies({}, named([through])).join(''), /path_up\{.*path="relay hub-1"/)
})
