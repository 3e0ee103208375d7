/** What people are told of NATs: in the status, by the CLI, in metrics. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusText } from '../../../firmware/cli/text.ts'
import { isStatus } from '../../../firmware/model/local-api.ts'
import type { UplinkNat } from '../../../firmware/model/nat.ts'
import { renderMetrics } from '../../../firmware/plan/metrics.ts'
import { hubNames, natAnswers, natText } from '../../../firmware/plan/nat-status.ts'
import { composeStatus } from '../../../firmware/plan/status.ts'
import { statusFacts } from './sample-status.ts'

const hub = '198.51.100.7'
const local = { address: '192.168.1.2', port: 51_820 }
const mapped = { address: '203.0.113.20', port: 40_001 }

function readingOf(change: Partial<UplinkNat> = {}): UplinkNat {
  const asked = [51_820, 3478, 443].map((port) => ({ address: hub, port }))
  return {
    ...{ uplink: 'wan0', family: 4, local, mapped, mapping: 'endpoint-independent' },
    ...{ filtering: 'address-and-port-dependent', portStep: 0, isBlocked: false },
    ...{ asked, answered: asked, testedAtMs: 1_000 },
    ...change,
  }
}

const hubs = hubNames([{ name: 'hub-1', role: 'hub', endpoints: [`${hub}:51820`] }])

test('each kind of NAT has a sentence', () => {
  const [first, other, last] = readingOf().asked
  const [here, there] = [first!, { ...first!, address: '198.51.100.8' }]
  for (const [change, said] of [
    [
      {},
      /^behind a NAT that maps every destination alike \(203\.0\.113\.20:40001\); peers can reach it once it has called them$/,
    ],
    [{ filtering: 'endpoint-independent' }, /alike .*; peers can reach it at any time$/],
    [{ filtering: 'unknown' }, /alike .*; whether it lets peers in is not known$/],
    [
      { filtering: 'unknown', mapping: 'none', mapped: local },
      /^no NAT .*; whether it lets peers in is not known$/,
    ],
    [
      { mapping: 'none', mapped: local },
      /^no NAT \(192\.168\.1\.2:51820\); peers can reach it once it has called them$/,
    ],
    [
      { mapping: 'address-and-port-dependent' },
      /^behind a NAT that gives each destination another port \(last 203\.0\.113\.20:40001\)/,
    ],
    [
      { mapping: 'unknown', answered: [first!] },
      /^behind a NAT \(203\.0\.113\.20:40001\), of which one answer/,
    ],
    [{ answered: [last!] }, /; of 198\.51\.100\.7 only UDP 443 can be reached$/],
    [
      { answered: [first!, last!] },
      /; 198\.51\.100\.7 does not answer at UDP 3478, which a firewall before it or here may hold back$/,
    ],
    [
      { asked: [here, other!, there], answered: [here, other!] },
      /once it has called them; STUN is not answered by 198\.51\.100\.8$/,
    ],
    // Another host's answer at that port says nothing of this one.
    [
      { asked: [here, last!, there], answered: [last!, there] },
      /; of 198\.51\.100\.7 only UDP 443 can be reached$/,
    ],
    [
      { answered: [], mapped: null, mapping: 'unknown' },
      /not known: STUN is not answered by hub-1 \(198\.51\.100\.7\): has it overlay\.relay\?$/,
    ],
    [{ asked: [], answered: [], mapped: null }, /there is no STUN server to ask$/],
    [
      { answered: [], isBlocked: true, mapped: null, mapping: 'unknown' },
      /^no STUN server answers \(hub-1 \(198\.51\.100\.7\)\): /,
    ],
  ] as const) {
    assert.match(natText(readingOf(change as Partial<UplinkNat>), hubs), said)
  }
})

test('an uplink’s readings are in its status, in lines of the CLI, and in metrics of bounded labels', () => {
  const v6 = {
    family: 6,
    mapping: 'none',
    local: { address: '2001:db8::2', port: 51_820 },
  } as const
  const readings = [readingOf(), readingOf({ ...v6, mapped: v6.local, portStep: 0 })]
  const status = composeStatus(statusFacts({ nats: natAnswers(readings, 3_500) }))
  assert.ok(isStatus(status))
  const { explanation, ...nat } = status.uplinks[0]!.nat[0]!
  assert.deepEqual(nat, {
    ...{ family: 4, local: '192.168.1.2:51820', mapped: '203.0.113.20:40001' },
    ...{ mapping: 'endpoint-independent', filtering: 'address-and-port-dependent', portStep: 0 },
    ...{ isBlocked: false, serversAsked: 3, serversAnswered: 3, ageSeconds: 2.5 },
  })
  assert.deepEqual(status.uplinks[1]!.nat, [])
  const text = statusText(status)
  assert.ok(
    text.includes(
      `\nwan0 (IPv4): ${explanation} (looked at 2 s ago)\nwan0 (IPv6): no NAT ([2001:db8::2]:51820);`,
    ),
  )
  const one = statusText(composeStatus(statusFacts({ nats: natAnswers([readingOf()], 0) })))
  assert.ok(one.includes(`\nwan0: ${explanation} (looked at 0 s ago)\n`))
  const counts = { answered: 7, limited: 1, malformed: 0 }
  const metrics = renderMetrics(status, null, [], new Map(), counts)
  const labels = 'site="berlin",uplink="wan0",family='
  for (const line of [
    `causeway_uplink_nat{${labels}"ipv4",mapping="endpoint-independent"} 1`,
    `causeway_uplink_nat{${labels}"ipv4",mapping="none"} 0`,
    `causeway_uplink_nat{${labels}"ipv6",mapping="none"} 1`,
    `causeway_uplink_stun_blocked{${labels}"ipv4"} 0`,
    'causeway_stun_requests_total{site="berlin",reason="answered"} 7',
  ]) {
    assert.ok(metrics.includes(`${line}\n`), line)
  }
  assert.doesNotMatch(renderMetrics(status, null, [], new Map()), /stun_requests/)
})
