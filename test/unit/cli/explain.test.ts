/** `causeway explain` as its user types it: what it asks, and what makes no sense. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openApi } from '../../../firmware/gateway/api/api.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import type { ExplainAnswer, ExplainRequest } from '../../../firmware/model/local-api-explain.ts'
import { noChanges } from '../gateway/sample-answers.ts'
import { nothingElse } from '../gateway/sample-system.ts'
import { cli, root } from './shell.ts'

const flow = ['explain', '10.1.0.10', '10.2.0.10'] as const
const marks =
  'a code point: be, ef, cs0 to cs7, af11 to af43 or a number from 0 to 63, like ef or 34'

test('what makes no sense is 2, with one line that names the mistake', async () => {
  for (const [mistake, ...argv] of [
    ['explain takes FROM TO and, if need be, a PROTOCOL', 'explain', '10.1.0.10'],
    [
      "'10.1.0.1:0' is none of 10.1.0.10, 10.1.0.10:443, fd00::1 and [fd00::1]:443",
      ...(['explain', '10.1.0.1:0', '10.2.0.1'] as const),
    ],
    ["there is no protocol 'tpc': did you mean 'tcp'?", 'explain', '10.1.0.1', '10.2.0.1', 'tpc'],
    ['--dscp is for explain', 'status', '--dscp', 'ef'],
    [`--dscp must be ${marks}; this is 'foo'`, ...flow, '--dscp', 'foo'],
    [`--dscp must be ${marks}; this is '64'`, ...flow, '--dscp', '64'],
    [`--dscp needs a value: ${marks}`, ...flow, '--dscp'],
    [`--dscp needs a value: ${marks}`, ...flow, '--dscp', '--server', 'a.example'],
    ['--server needs a value', ...flow, '--server'],
    ['--wide is for paths', ...flow, '--wide'],
  ] as const) {
    const err = `causeway: ${mistake}; see causeway --help\n`
    assert.deepEqual(await cli(...argv), { code: 2, out: '', err })
  }
})

test('a flow is asked about as it is written; --json prints the answer as it came', async () => {
  await using _ = await serve('asked', answerTo)
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
  for (const [typed, dscp] of [
    ['AF41', 'af41'],
    ['34', 34],
    ['0x2E', 46],
  ] as const) {
    const marked = await ask('10.1.0.10', '10.2.0.10', '--dscp', typed)
    assert.ok(marked.out.includes(`"dscp":${JSON.stringify(dscp)}`), marked.out)
  }
})

test('the exit code says whether the flow passes', async () => {
  for (const passes of [true, false]) {
    await using _ = await serve(`passes-${passes}`, (asked) => ({ ...answerTo(asked), passes }))
    for (const more of [[], ['--json']]) {
      const { code, err } = await cli(...flow, '--instance', `passes-${passes}`, ...more)
      assert.deepEqual([code, err], [passes ? 0 : 1, ''])
    }
  }
})

function serve(instance: string, answer: (asked: ExplainRequest) => ExplainAnswer) {
  const fail = () => assert.fail()
  return openApi({
    socketPath: placesOf(instance, root).apiSocket,
    explain: (asked) => Promise.resolve(answer(asked)),
    ...{ status: fail, drops: fail, paths: fail, metrics: fail, sessions: fail, denials: fail },
    subscribe: fail,
    ...{ ...nothingElse, config: noChanges },
    onFault: () => {},
  })
}

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
    fromPeer: null,
    segment: 'office',
    toSegment: null,
    route: {
      ...{ kind: 'none', prefix: null, owner: null, link: null },
      ...{ nextHop: null, isNextHopKnown: false, isByKernel: false, source: null },
    },
    ...{ class: null, queue: null, ingress: null, limits: [] },
    ...{ rule: null, peer: null, policy: null, place: null, idleSeconds: null, mtuBytes: null },
    peers: [],
    paths: [],
    incidents: [],
  }
}
