/** `causeway explain` as its user types it: what it asks, and what makes no sense. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openApi } from '../../../firmware/gateway/api/api.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import type { ExplainAnswer, ExplainRequest } from '../../../firmware/model/local-api-explain.ts'
import { cli, root } from './shell.ts'

test('what makes no sense is 2, with one line that names the mistake', async () => {
  for (const [mistake, ...argv] of [
    ['explain takes FROM TO and, if need be, a PROTOCOL', 'explain', '10.1.0.10'],
    [
      "'10.1.0.1:0' is none of 10.1.0.10, 10.1.0.10:443, fd00::1 and [fd00::1]:443",
      ...(['explain', '10.1.0.1:0', '10.2.0.1'] as const),
    ],
    ["there is no protocol 'tpc': did you mean 'tcp'?", 'explain', '10.1.0.1', '10.2.0.1', 'tpc'],
    ['--dscp is for explain', 'status', '--dscp', 'ef'],
  ] as const) {
    const err = `causeway: ${mistake}; see causeway --help\n`
    assert.deepEqual(await cli(...argv), { code: 2, out: '', err })
  }
})

test('a flow is asked about as it is written; --json prints the answer as it came', async () => {
  const fail = () => assert.fail()
  await using _ = await openApi({
    socketPath: placesOf('asked', root).apiSocket,
    explain: (asked) => Promise.resolve(answerTo(asked)),
    ...{ status: fail, drops: fail, paths: fail, metrics: fail, sessions: fail, denials: fail },
    subscribe: fail,
    config: {
      ...{ show: fail, apply: fail, confirm: fail, rollback: fail, history: fail, entry: fail },
    },
    onFault: () => {},
  })
  const ask = (...flow: readonly string[]) => cli('explain', ...flow, '--instance', 'asked')
  const flow = ['10.1.0.10:5060', '[fd00::1]:443', 'icmp6', '--dscp', 'EF', '--server', 'a.example']
  assert.equal(
    (await ask(...flow)).out.split('\n')[0],
    'DOES NOT PASS: Asked: {"from":"10.1.0.10","to":"fd00::1","fromPort":5060,"toPort":443,' +
      '"protocol":"icmp","dscp":"ef","server":"a.example"}. (no-route)',
  )
  const whole = await ask('fd00::2', '[fd00::1]', '47', '--segment', 'office', '--json')
  assert.deepEqual(
    JSON.parse(whole.out),
    answerTo({ from: 'fd00::2', to: 'fd00::1', protocol: 47, segment: 'office' }),
  )
  const refused = await ask('10.1.0.10', '10.2.0.10', '--dscp', '64')
  assert.equal(refused.code, 4)
  assert.match(refused.err, /^API_INVALID \/dscp: /)
})

/** Says what it was asked. */
function answerTo(asked: ExplainRequest): ExplainAnswer {
  const { from, to, fromPort = null, toPort = null, dscp, server = null } = asked
  return {
    cause: 'no-route',
    passes: false,
    sentence: `Asked: ${JSON.stringify(asked)}.`,
    also: [],
    flow: { from, to, fromPort, toPort, protocol: 6, dscp: Number(dscp ?? 0) || 0, server },
    comesFrom: 'lan',
    segment: 'office',
    toSegment: null,
    route: {
      ...{ kind: 'none', prefix: null, owner: null, link: null },
      ...{ nextHop: null, isNextHopKnown: false, isByKernel: false },
    },
    ...{ rule: null, peer: null, policy: null, place: null, idleSeconds: null, mtuBytes: null },
    paths: [],
    incidents: [],
  }
}
