/** How `causeway explain` reads: the verdict, the chain, the paths, the incidents. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainText } from '../../../firmware/cli/explain-text.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { Explanation } from '../../../firmware/model/explanation.ts'
import type { ExplainRequest } from '../../../firmware/model/local-api-explain.ts'
import { explain } from '../../../firmware/plan/explain.ts'
import { questionOf } from '../../../firmware/plan/flow-question.ts'
import { wholeConfig } from '../model/sample-config.ts'
import { uplinks } from '../plan/explain-answer.ts'
import { sampleExplanation, sampleIncident, samplePathOf } from '../plan/sample-explanation.ts'

const config = wholeConfig() as DeviceConfig

function textOf(
  said: Partial<Explanation>,
  flow: Partial<ExplainRequest> = {},
  uplinks: Parameters<typeof explain>[0]['uplinks'] = [],
): string[] {
  const ask = questionOf({ from: '10.1.0.10', to: '10.0.0.5', ...flow }, config)
  const explanation = sampleExplanation(said)
  const rest = {
    numbered: config.uplinks,
    session: null,
    reach: null,
    relaying: null,
    uplinks,
    counters: null,
    queues: null,
    denials: [],
  }
  return explainText(explain({ config, ask, explanation, ...rest })).split('\n')
}

test('a flow to a peer', () => {
  const paths = [
    samplePathOf(),
    samplePathOf({
      ...{ number: 1, uplink: 1, verdict: 'loss' },
      ...{ lossPpm: 48_000, latencyUs: null, jitterUs: null },
    }),
  ]
  const said = { policy: 'calls', application: 'voice', paths, flow: 'known' } as const
  const incidents = [sampleIncident({ lastMs: 6_000 })]
  assert.deepEqual(textOf({ ...said, incidents }, { toPort: 443, protocol: 'udp', dscp: 'ef' }), [
    'passes: It goes to hub-1 by wan0, as policy calls has it. (forwarded)',
    '',
    'flow     10.1.0.10 > 10.0.0.5:443, udp, DSCP 46',
    'segment  office, from a LAN',
    'route    10.0.0.0/16 of hub-1, next hop 192.0.2.1 on wan0',
    'rule     none fits: the default allows it',
    'policy   calls, application voice',
    'path     wan0 to 198.51.100.7:51820, takes 1432 bytes, kept since it began, last packet 0 s ago',
    '',
    '   UPLINK  ENDPOINT            STATE  LOSS   LATENCY  JITTER  MTU',
    '>  wan0    198.51.100.7:51820  up     0 %    12 ms    0.3 ms  1432  chosen: preferred uplink',
    '   lte0    198.51.100.7:51820  up     4.8 %  –        –       1432  loss 4.8 % is above the 0.5 % of policy calls',
    '',
    'DROPPED  OF    PACKETS  LAST       IN ALL',
    'too_big  flow  3        6.0 s ago  –       Larger than the path takes and not to be fragmented; its sender was told.',
    '',
  ])
})

test('one from a peer, one that is denied, one to the Internet, in brackets where it must be', () => {
  const inward = { from: 'peer', hop: 'link', port: 'lan0', nextHop: '10.1.0.10' } as const
  const [verdict, , , segment, route, , policy] = textOf(inward, {
    ...{ from: '10.0.0.5', to: '10.1.0.10' },
  })
  assert.equal(verdict, 'passes: It comes from hub-1 and goes to 10.1.0.10 on lan0. (forwarded)')
  assert.equal(segment, 'segment  office, from hub-1')
  assert.equal(route, 'route    10.1.0.0/24 of lan0, to 10.1.0.10 on lan0')
  assert.equal(policy, 'policy   default (of its answers)')
  const denied = textOf({ reason: 'acl', rule: 'hush', toSegment: 'cameras' })
  assert.equal(denied[0], 'DOES NOT PASS: Rule hush denies it. (acl-denied)')
  assert.ok(denied.includes('segment  office > cameras, from a LAN'))
  assert.ok(denied.includes('rule     hush denies it'))
  const away = { hop: 'none', peer: '', port: '', path: null, paths: [] } as const
  const flow = { from: 'fd00:1::5', to: '2001:db8:f::1', toPort: 443 }
  const out = textOf({ ...away, toSegment: '' }, flow)
  assert.ok(out.includes('flow     fd00:1::5 > [2001:db8:f::1]:443, tcp'), out.join('\n'))
})

test('under a flow that does not pass no path is marked as its own, nor what was measured of one that is down', () => {
  const down = { state: 'down', verdict: 'chosen', reason: 'silent', stateMs: 16_000 } as const
  const text = textOf({ paths: [samplePathOf(down)] })
  assert.match(text[0]!, /^DOES NOT PASS: /)
  assert.ok(text.every((line) => !line.startsWith('>')))
  assert.ok(text.includes('path     would be wan0 to 198.51.100.7:51820, takes 1432 bytes'))
  assert.match(text.at(-2)!, /^ {2}wan0 .* down {3}– {5}– {8}– {7}1432 {2}for want of a better one/)
})

test('a flow to the Internet: by which uplink, and what of its policy applies', () => {
  const away = { hop: 'none', peer: '', port: '', path: null, paths: [] } as const
  const said = { ...away, policy: 'calls', application: 'voice', toSegment: '' }
  const text = textOf(said, { to: '8.8.8.8' }, uplinks)
  assert.equal(
    text[0],
    'passes: It leaves to the Internet here by wan0: no LAN and no peer has 8.8.8.8. (breakout)',
  )
  assert.ok(
    text.includes(
      'route    none inside: to the Internet by wan0, next hop 192.0.2.1, as 192.0.2.2, forwarded by the kernel',
    ),
    text.join('\n'),
  )
  assert.ok(
    text.includes(
      'policy   calls, application voice: only its "breakout: allow" and "class" apply here',
    ),
  )
})
