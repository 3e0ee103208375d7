/** Counters become rates, metrics and a status: by table. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { isDrops, isStatus } from '../../../firmware/model/local-api.ts'
import { renderMetrics } from '../../../firmware/plan/metrics.ts'
import { noRates, ratesBetween } from '../../../firmware/plan/rates.ts'
import { composeDrops, composeStatus, type StatusFacts } from '../../../firmware/plan/status.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { sampleReach } from './sample-reach.ts'
import { sessionOf, statusFacts, statusReading } from './sample-status.ts'

/** The second uplink is lent its address. */
function byDhcp(): DeviceConfig {
  const config = sampleConfig()
  delete config.uplinks[1].gateway
  config.uplinks[1].address = 'dhcp'
  return config as DeviceConfig
}

test('rates are bits per second of the time between the readings', () => {
  const { peers, ports } = ratesBetween(statusReading(8_000, 500), statusReading(10_000, 1000))
  assert.deepEqual(peers.get('hub-1'), { rxBitsPerSecond: 2000, txBitsPerSecond: 4000 })
  assert.deepEqual(ports.get('wan0'), { rxBitsPerSecond: 2000, txBitsPerSecond: 4000 })
})

test('a counter that went back, a restart and a repeated reading yield no rate', () => {
  assert.equal(ratesBetween(statusReading(1_000, 900), statusReading(2_000, 100)).peers.size, 0)
  assert.equal(ratesBetween(statusReading(9_000, 100), statusReading(500, 900)), noRates)
  assert.equal(ratesBetween(statusReading(9_000, 100), statusReading(9_000, 100)), noRates)
})

test('a status has its form, and says that all is well if it is', () => {
  const status = composeStatus(statusFacts())
  assert.ok(isStatus(status))
  assert.equal(status.health, 'all is well')
  assert.deepEqual(status.peers[0], {
    name: 'hub-1',
    role: 'hub',
    state: 'up',
    endpoint: '198.51.100.7:51820',
    rttSeconds: 0.0025,
    lastHeardSeconds: 0.04,
    lastError: null,
    throughput: { rxBitsPerSecond: 4000, txBitsPerSecond: 8000 },
    uplink: null,
    paths: { up: 0, down: 0, untried: 0 },
    reach: sampleReach({ how: 'none', seconds: 0 }),
  })
})

test('a status shows what an uplink was lent', () => {
  const config = byDhcp()
  const leases = [
    {
      device: 'lte0',
      address: '203.0.113.9/30',
      gateway: '203.0.113.10',
      dnsServers: [],
      controllers: [],
      expiresInMs: 1000,
    },
  ]
  const status = composeStatus(statusFacts({ config, leases }))
  assert.ok(isStatus(status))
  const { address, gateway } = status.uplinks[1]!
  assert.deepEqual([address, gateway], [['203.0.113.9/30'], '203.0.113.10'])
  assert.equal(status.health, 'all is well')
})

test('a status says why a peer is not up', () => {
  const lost = { ...sessionOf('lisbon', 'connecting'), lastError: 'SESSION_TIMEOUT' } as const
  const status = composeStatus(statusFacts({ sessions: [sessionOf('hub-1', 'up'), lost] }))
  assert.ok(isStatus(status))
  assert.deepEqual(
    status.peers.map(({ state, lastError }) => [state, lastError]),
    [
      ['up', null],
      ['connecting', 'SESSION_TIMEOUT'],
    ],
  )
})

test('metrics count handshakes, rekeys and failures of each peer', () => {
  const text = renderMetrics(composeStatus(statusFacts()), null, statusFacts().sessions, new Map())
  const labels = 'site="berlin",peer="hub-1"'
  for (const line of [
    `causeway_peer_handshakes_total{${labels}} 3`,
    `causeway_peer_rekeys_total{${labels}} 7`,
    `causeway_peer_handshake_failures_total{${labels},reason="timeout"} 2`,
    `causeway_peer_handshake_failures_total{${labels},reason="closed"} 0`,
  ]) {
    assert.ok(text.split('\n').includes(line), line)
  }
})

const problems: readonly [string, Partial<StatusFacts>, RegExp][] = [
  ['nothing read yet', { config: null, source: 'none' }, /not been read/],
  [
    'a refused file and nothing else',
    { config: null, source: 'none', refusals: [{ code: 'CONFIG_SYNTAX', message: 'bad' }] },
    /^no usable configuration: bad \(CONFIG_SYNTAX\)$/,
  ],
  ['no datapath', { counters: null, rates: noRates }, /datapath does not answer/],
  [
    'a failure',
    { failure: { code: 'HOST_COMMAND_FAILED', message: 'nft failed' } },
    /could not be applied: nft failed/,
  ],
  ['work under way', { isDone: false }, /being applied/],
  ['a missing NIC', { absentNics: ['wwan0'] }, /NIC wwan0 is missing/],
  [
    'a refused file while another runs',
    { refusals: [{ code: 'CONFIG_INVALID', message: 'must be integer', path: '/revision' }] },
    /device.yaml is refused, revision 42 runs on: \/revision must be integer/,
  ],
  [
    'a cut uplink',
    {
      counters: {
        ...statusReading(1, 1),
        ports: statusReading(1, 1).ports.map((port) => ({ ...port, isUp: false })),
      },
    },
    /uplink wan0 \(enp1s0\) is down/,
  ],
  [
    'a service that does not stay up',
    { services: [{ name: 'dnsmasq', isSteady: false, restarts: 4 }] },
    /service dnsmasq does not stay up/,
  ],
  ['an uplink without a lease', { config: byDhcp() }, /uplink lte0 has no lease/],
  [
    'a refused lease',
    { config: byDhcp(), refusedLeases: ['lte0'] },
    /the lease of uplink lte0 is refused/,
  ],
  [
    'what has no room',
    {
      counters: {
        ...statusReading(1, 1),
        overflow: { addresses: 2, routes: 700, neighbours: 0 },
      },
    },
    /no room for 2 addresses, 700 routes \(DATAPATH_OVERFLOW\)/,
  ],
  [
    'an empty device.yaml',
    { refusals: [{ code: 'CONFIG_INVALID', message: 'is empty', path: '' }] },
    /^device\.yaml is refused, revision 42 runs on: the document is empty \(CONFIG_INVALID\)/,
  ],
  ['lost peers', { sessions: [sessionOf('hub-1', 'up')] }, /1 of 2 peers are not up: lisbon/],
]

for (const [name, change, sentence] of problems) {
  test(`health names ${name}`, () => {
    const status = composeStatus(statusFacts(change))
    assert.ok(isStatus(status))
    assert.equal(status.isHealthy, false)
    assert.match(status.health, sentence)
  })
}

test('drops are told by reason, zeros included', () => {
  const drops = composeDrops(statusReading(10_000, 0))
  assert.ok(isDrops(drops))
  const { meanings, ...rest } = drops
  assert.deepEqual(rest, { sinceSeconds: 10, total: 2, reasons: { replay: 2, no_session: 0 } })
  assert.match(meanings.no_session ?? '', /^There is no session/)
})

test('metrics follow the exposition format, in base units', () => {
  const text = renderMetrics(
    composeStatus(statusFacts()),
    statusFacts().counters,
    statusFacts().sessions,
    new Map(),
  )
  const name = '[a-z_]+'
  const line = new RegExp(
    `^(# (HELP|TYPE) causeway_${name} .+|causeway_${name}\\{(${name}="[^"]*",?)+\\} [0-9.e+-]+)$`,
  )
  for (const each of text.trimEnd().split('\n')) assert.match(each, line)
  const value = (sample: string): string | undefined =>
    text
      .split('\n')
      .find((each) => each.startsWith(`${sample} `))
      ?.split(' ')[1]
  assert.equal(value('causeway_peer_rtt_seconds{site="berlin",peer="hub-1"}'), '0.0025')
  assert.equal(
    value('causeway_peer_bytes_total{site="berlin",peer="hub-1",direction="tx"}'),
    '2000',
  )
  assert.equal(value('causeway_dropped_packets_total{site="berlin",reason="no_session"}'), '0')
  assert.equal(value('causeway_datapath_left_out{site="berlin",kind="routes"}'), '0')
  const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)]
  for (const [, family, type] of families) {
    assert.equal(family!.endsWith('_total'), type === 'counter', family!)
  }
})

test('without a datapath its metrics are absent rather than zero', () => {
  const text = renderMetrics(composeStatus(statusFacts({ counters: null })), null, [], new Map())
  assert.doesNotMatch(text, /_total/)
  assert.match(text, /causeway_healthy_ratio\{site="berlin"\} 0/)
})
