/** Why a flow is where it is, out of what the datapath decides and what the gateway knows: one cause each, by table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dropReasons } from '../../../firmware/model/drop-reason.ts'
import { causes } from '../../../firmware/model/explain-cause.ts'
import { incidentCauses } from '../../../firmware/plan/explain-incident.ts'
import { answerTo, check, fromHub, inward, nowhere, uplinks } from './explain-answer.ts'
import { sampleIncident, samplePathOf } from './sample-explanation.ts'

const noSession = { hasSession: false, reason: 'no_session' } as const

test('what passes says where to', () => {
  check({}, {}, 'forwarded', 'It goes to hub-1 by wan0, as the default policy has it.')
  check(
    { isNeighbourKnown: false },
    {},
    'forwarded',
    'It goes to hub-1 by wan0, as the default policy has it, once 192.0.2.1 has answered.',
  )
  check(inward, fromHub, 'forwarded', 'It comes from hub-1 and goes to 10.1.0.10 on lan0.')
  check({ hop: 'box' }, { ask: { to: '10.1.0.1' } }, 'for-the-box', '10.1.0.1 is this box itself.')
  check(nowhere, { ask: { to: '8.8.8.8' } }, 'breakout', /leaves to the Internet .* 8\.8\.8\.8/)
  check(
    { hop: 'link', peer: '', port: 'lan0', nextHop: '10.1.0.11', isByKernel: true },
    { ask: { to: '10.1.0.11' } },
    'same-network',
    /network of lan0/,
  )
  check({ flow: 'no-room' }, {}, 'flow-table-full', /by wan0, .* There is no place for it/)
})

test('who may send so, and whither, comes before all else', () => {
  const broken = {
    incidents: [sampleIncident()],
    ...noSession,
  }
  check({ ...broken, reason: 'acl', rule: 'hush' }, {}, 'acl-denied', 'Rule hush denies it.')
  check(
    { ...broken, reason: 'segment', toSegment: 'cameras' },
    {},
    'segment-denied',
    /from office into cameras/,
  )
  check(
    { ...nowhere, reason: 'segment', from: 'nobody', segment: '' },
    {},
    'unknown-source',
    /^10\.1\.0\.10 is in no segment/,
  )
  check({ ...inward, reason: 'inner_segment' }, fromHub, 'foreign-vni', /^hub-1 sent it/)
  check({ ...inward, reason: 'inner_source' }, fromHub, 'foreign-source', /^hub-1 has 10\.0\.0\.5/)
  check({ ...inward, hop: 'peer', reason: 'transit' }, fromHub, 'transit', /no way between/)
  check({ ...inward, hop: 'none', reason: 'no_route' }, fromHub, 'no-route', /in no LAN of office/)
  const also = answerTo({ ...broken, reason: 'acl', rule: 'hush' }).also.map(({ cause }) => cause)
  assert.deepEqual(also, ['peer-unreachable', 'too-big'])
})

test('a flow in transit says whence and whither, and who carries', () => {
  const transit = { from: 'transit', fromPeer: 'lisbon' } as const
  const sentence = 'It comes from lisbon and goes to hub-1 by wan0, as the default policy has it.'
  check(transit, {}, 'forwarded', sentence)
  const peers = [
    { peer: 'hub-2', standing: 'silent', isHub: true, holdMs: 0 },
    { peer: 'hub-1', standing: 'carries', isHub: true, holdMs: 0 },
    { peer: 'lisbon', standing: 'barred', isHub: false, holdMs: 0 },
  ] as const
  const answer = answerTo({ ...transit, peers })
  assert.deepEqual(answer.also, [
    {
      cause: 'hub-carries',
      sentence: 'hub-2 is not reached: nothing is heard by any of its paths; hub-1 carries.',
    },
  ])
  assert.equal(answer.comesFrom, 'transit')
  assert.deepEqual(
    answer.peers.map(({ peer, standing }) => [peer, standing]),
    peers.map(({ peer, standing }) => [peer, standing]),
  )
  const held = { ...peers[0], standing: 'held', holdMs: 12_000 } as const
  const [back] = answerTo({ peers: [held, peers[1]] }).also
  assert.equal(back?.sentence, 'hub-2 is reached again, and trusted in 12 s; hub-1 carries.')
  // The first that carries is nothing to be told of.
  assert.deepEqual(answerTo({ peers: [peers[1], held] }).also, [])
  for (const reason of ['transit_back', 'transit_hub'])
    check(
      { ...inward, hop: 'peer', reason },
      fromHub,
      'transit',
      /neither back nor from hub to hub/,
    )
})

test('what no LAN and no peer has leaves to the Internet, or goes nowhere', () => {
  check(nowhere, { ask: { to: '10.250.0.1' } }, 'no-route', /Nobody here has 10\.250\.0\.1/)
  check(nowhere, { ask: { to: '10.1.21.7' } }, 'no-route', /cams3's \(10\.1\.21\.0\/24\)/)
  check(
    { ...nowhere, segment: 'cameras' },
    { ask: { to: '8.8.8.8' } },
    'no-breakout',
    /cameras has no breakout/,
  )
  check(
    { ...nowhere, reason: 'breakout', policy: 'calls' },
    { ask: { to: '8.8.8.8' } },
    'breakout-denied',
    /policy calls keeps its flows from the Internet/,
  )
  const cut = uplinks.map((uplink) => ({ ...uplink, isUp: false }))
  check(
    nowhere,
    { ask: { to: '8.8.8.8' }, uplinks: cut },
    'uplink-dead',
    /wan0 has no carrier and lte0 has no carrier/,
  )
  // The box itself needs no breakout of its segment.
  const box = { ...nowhere, from: 'box', segment: 'cameras' } as const
  check(box, { ask: { to: '8.8.8.8' } }, 'breakout', /Internet/)
})

test('a denial of breakout is one cause, and holds for packets that hide whose they are', () => {
  const away = { ask: { to: '8.8.8.8' } }
  const incidents = [sampleIncident({ reason: 'breakout' })]
  const denied = answerTo({ ...nowhere, reason: 'breakout', policy: 'calls', incidents }, away)
  assert.deepEqual([denied.cause, denied.also], ['breakout-denied', []])
  // Its whole packets may leave; its later fragments were taken for those of a flow that may not.
  check(
    { ...nowhere, incidents },
    away,
    'breakout-denied',
    /does not show its ports.* 3 packets dropped, the last 0\.3 s ago/,
  )
})

test('why there is no session', () => {
  const none = { ...noSession, paths: [samplePathOf({ state: 'untried' })] }
  const ended = (by: 'expiry' | 'close' | 'datapath') => ({ by, ageMs: 4_000 })
  check(none, { session: { state: 'connecting', stateAgeMs: 200 } }, 'connecting', /being made/)
  check(
    none,
    { session: { state: 'connecting', stateAgeMs: 7_000, failures: { timeout: 1 } } },
    'peer-unreachable',
    /does not answer: it is being called at 198\.51\.100\.7:51820 .*for 7\.0 s/,
  )
  check(
    none,
    {
      session: { state: 'connecting', failures: { unauthentic: 2 }, lastError: 'SESSION_REFUSED' },
    },
    'peer-refused',
    /SESSION_REFUSED/,
  )
  check(
    none,
    { session: { state: 'connecting', ended: ended('expiry') } },
    'session-expired',
    /^The session with hub-1 ended 4\.0 s ago: its keys were over/,
  )
  check(none, { session: { ended: ended('close') } }, 'session-closed', /hub-1 ended the session/)
  check(
    none,
    { session: { state: 'connecting', stateAgeMs: 100, ended: ended('datapath') } },
    'connecting',
    /being made/,
  )
  check(
    { ...none, peer: 'lisbon' },
    { session: { state: 'down', canCall: false } },
    'relay-absent',
    /^lisbon cannot be called, since it has no endpoint/,
  )
  check(none, { session: { state: 'down', canCall: false } }, 'uplink-dead', /no uplink has/)
  check(
    { ...none, paths: [samplePathOf({ obstacle: 'no-carrier', state: 'down' })] },
    { session: { state: 'connecting', failures: { timeout: 3 } } },
    'uplink-dead',
    'hub-1 cannot be called: uplink wan0 has no carrier.',
  )
  // From a peer nothing can come then, either.
  check(
    { ...none, ...inward },
    { ...fromHub, session: { failures: { timeout: 1 } } },
    'peer-unreachable',
    /./,
  )
})

test('what befell packets of late comes before "would be forwarded"', () => {
  const befell = (reason: string, more: object = {}) => ({
    incidents: [sampleIncident({ reason, ...more })],
  })
  check(
    befell('too_big'),
    {},
    'too-big',
    'Its packets are larger than the 1432 bytes that the path takes, and may not be cut. 3 packets dropped, the last 0.3 s ago.',
  )
  check(
    { ...befell('sealed_replay', { isOfFlow: false }), ...inward },
    fromHub,
    'replay',
    /hub-1 came twice/,
  )
  check(
    { ...befell('sealed_tag', { isOfFlow: false }), ...inward },
    fromHub,
    'unauthentic',
    /forged/,
  )
  check(
    { ...befell('inner_segment'), ...inward },
    fromHub,
    'foreign-vni',
    /hub-1 sent it, from 10\.0\.0\.5/,
  )
  check(
    { ...befell('neighbour', { isOfAnswers: true }) },
    {},
    'neighbour-missing',
    /3 packets of its answers/,
  )
  check({ ...befell('ecn') }, {}, 'dropped', /Congestion was marked/)
  // On the way out the far end's replays are nobody's trouble, and what is long past is past.
  check(befell('sealed_replay', { isOfFlow: false }), {}, 'forwarded', /./)
  check(befell('too_big', { lastMs: 5_100 }), {}, 'forwarded', /./)
  assert.equal(answerTo(befell('too_big', { lastMs: 5_100 })).incidents.length, 1)
})

test('what the datapath knows to be mended is no cause any more', () => {
  const befell = (reason: string, more: object = {}) => ({
    incidents: [sampleIncident({ reason, ...more })],
  })
  for (const reason of ['no_session', 'policy', 'neighbour', 'no_route']) {
    check(befell(reason), {}, 'forwarded', /./)
  }
  // Of which port those packets were is not asked, so it may go on.
  check(befell('acl'), {}, 'acl-denied', /./)
  check(befell('acl'), { ask: { toPort: 443, protocol: 'tcp' } }, 'forwarded', /./)
  const denials = [
    {
      ...{ source: '10.0.0.5', destination: '10.1.0.10', sourcePort: 443, destinationPort: 5 },
      ...{ protocol: 6, reason: 'acl', suppressed: 0, ageMs: 40 },
      ...{ segment: 'office', toSegment: 'office', rule: 'hush' },
    },
  ]
  check(befell('acl', { isOfAnswers: true }), { denials }, 'acl-denied', /^Rule hush denies it\./)
})

test('a next hop that does not answer', () => {
  const waits = { ...inward, isNeighbourKnown: false, reason: 'neighbour', waitingMs: 1_200 }
  check(
    waits,
    fromHub,
    'neighbour-missing',
    '10.1.0.10 does not answer on lan0: its packets have waited 1.2 s for it.',
  )
  check(
    { ...waits, waitingMs: 100, reason: null },
    fromHub,
    'forwarded',
    /once 10\.1\.0\.10 has answered/,
  )
  check(
    { isNeighbourKnown: false, reason: 'neighbour', waitingMs: 600 },
    {},
    'neighbour-missing',
    /^The next hop 192\.0\.2\.1 does not answer on wan0/,
  )
  check({ ...inward, reason: 'tx_down' }, fromHub, 'link-down', 'lan0 has no carrier.')
})

test('the chain: segment, route, rule, policy', () => {
  const answer = answerTo({
    application: 'erp',
    policy: 'business',
    pinnedPath: 0,
    flow: 'known',
    flowIdleMs: 40,
  })
  assert.deepEqual(answer.route, {
    ...{ kind: 'peer', prefix: '10.0.0.0/16', owner: 'hub-1', link: 'wan0' },
    ...{ nextHop: '192.0.2.1', isNextHopKnown: true, isByKernel: false, source: null },
  })
  assert.deepEqual(answer.rule, { name: null, allows: true })
  assert.deepEqual(answer.policy, { name: 'business', application: 'erp' })
  assert.deepEqual([answer.place, answer.idleSeconds, answer.mtuBytes], ['known', 0.04, 1432])
  // Of two prefixes that have it, the longer one says whose it is.
  assert.equal(answerTo({ peer: 'lisbon' }, { ask: { to: '10.0.7.9' } }).route.owner, 'lisbon')
  assert.equal(answerTo({ hop: 'box' }, { ask: { to: '10.1.0.1' } }).rule, null)
  assert.equal(answerTo(nowhere, { ask: { to: '8.8.8.8' } }).rule, null)
})

test('incidents are told by names that the datapath has', () => {
  for (const reason of Object.keys(incidentCauses)) assert.ok(reason in dropReasons, reason)
})

test('each cause has a meaning of its own', () => {
  const meanings = Object.values(causes).map(({ meaning }) => meaning)
  for (const meaning of meanings) assert.match(meaning, /^[A-Z].{15,140}\.$/)
  assert.equal(new Set(meanings).size, meanings.length)
})
