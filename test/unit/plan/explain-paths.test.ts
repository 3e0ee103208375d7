/** What is said of the paths of a flow: why none carries it, why this one and why not the others. By table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { Explanation } from '../../../firmware/model/explanation.ts'
import { answerTo, check, config } from './explain-answer.ts'
import { samplePathOf } from './sample-explanation.ts'
import { reading as readingOf, samplePath } from './sample-path.ts'

const silent = { state: 'up', verdict: 'less-preferred', suspectMs: 700, heardMs: 900 } as const
const down = {
  state: 'down',
  verdict: 'down',
  reason: 'silent',
  stateMs: 3_000,
  heardMs: 3_200,
} as const

test('silence on every path is the peer’s, unless its uplinks are to blame', () => {
  const paths = [
    samplePathOf({ ...down, verdict: 'chosen' }),
    samplePathOf({ ...silent, number: 1, uplink: 1 }),
  ]
  check(
    { paths },
    {},
    'peer-down',
    'There is a session, but nothing is heard from hub-1 by any path for 0.9 s.',
  )
  const deaf = paths.map((path) => ({ ...path, state: 'down' as const, reason: 'deaf' as const }))
  check({ paths: deaf }, {}, 'peer-down', /hub-1 says that it hears nothing by any path/)
  const cut = paths.map((path) => ({
    ...path,
    state: 'down' as const,
    obstacle: 'no-carrier' as const,
  }))
  check(
    { paths: cut, reason: 'tx_down' },
    {},
    'uplink-dead',
    'No packet leaves for hub-1 by any path: uplink wan0 has no carrier and uplink lte0 has no carrier.',
  )
  const other = { peer: 'lisbon', state: 'down', reason: 'silent' } as const
  const counters = readingOf([samplePath(other), samplePath({ ...other, uplink: 1 })])
  check({ paths }, { counters }, 'uplink-dead', /^Nothing is heard by wan0 and lte0, from hub-1/)
  const alive = readingOf([samplePath(other), samplePath({ peer: 'lisbon', uplink: 1 })])
  check({ paths }, { counters: alive }, 'peer-down', /./)
})

test('an uplink that is dead beside one that carries the flow is said, too', () => {
  const paths = [
    samplePathOf(),
    samplePathOf({ ...down, number: 1, uplink: 1, obstacle: 'no-address' }),
  ]
  const { cause, also } = answerTo({ paths })
  assert.equal(cause, 'forwarded')
  assert.deepEqual(also, [{ cause: 'uplink-dead', sentence: 'Uplink lte0 has no IPv4 address.' }])
})

test('a strict policy that no path meets says of each why', () => {
  const paths = [
    samplePathOf({ verdict: 'loss', lossPpm: 48_000 }),
    samplePathOf({ verdict: 'latency', latencyUs: 200_400, number: 1, uplink: 1 }),
    samplePathOf({ verdict: 'metered', number: 2, uplink: 2 }),
  ]
  check(
    { paths, policy: 'calls', path: null, bestPath: null, reason: 'policy' },
    {},
    'policy-unmet',
    'No path to hub-1 is one that policy calls allows: wan0: loss 4.8 % is above the 0.5 % of policy calls; ' +
      'lte0: latency 200 ms is above the 150 ms of policy calls; it uses no metered uplink (wan2).',
  )
  const dead = paths.map((path) => ({ ...path, ...(path.verdict === 'metered' ? {} : down) }))
  check(
    { paths: dead, policy: 'calls', path: null, bestPath: null, reason: 'policy' },
    {},
    'peer-down',
    /nothing is heard from hub-1 by any path that policy calls uses/,
  )
})

test('where all that ever answered is down, those by which nobody ever answered help nobody', () => {
  const untried = { state: 'untried', verdict: 'less-preferred', reason: 'untried' } as const
  const paths = [
    samplePathOf({ ...untried, remoteAddress: '10.99.0.6' }),
    samplePathOf({ ...down, verdict: 'chosen', number: 1 }),
    samplePathOf({ verdict: 'kind', number: 2, uplink: 1 }),
  ]
  const policies = [{ name: 'erp', for: { dscp: ['cs1'] }, kinds: ['private'] }]
  const erp = { config: { ...config, policies } as DeviceConfig }
  const said = { paths, policy: 'erp', path: 1, bestPath: 1 }
  check(
    said,
    erp,
    'peer-down',
    'There is a session, but nothing is heard from hub-1 by any path that policy erp uses for 3.2 s, ' +
      'and policy erp uses uplinks of kind private alone (not lte0).',
  )
  // Nor where the one that is down has no carrier, so that one of the others would be tried.
  const cut = paths.map((path) => ({
    ...path,
    obstacle: path.number === 1 ? ('no-carrier' as const) : path.obstacle,
  }))
  check(
    { ...said, paths: cut, path: 0, bestPath: 0 },
    erp,
    'uplink-dead',
    /^No packet leaves for hub-1 now: uplink wan0 has no carrier, and nobody has answered by any other path that policy erp uses yet, and /,
  )
  // Whom nobody has tried yet may well carry it.
  check(
    { paths: [samplePathOf({ ...untried, verdict: 'chosen' })] },
    {},
    'forwarded',
    /as the default policy has it, though nobody has answered by it yet/,
  )
  const best = [
    samplePathOf({ ...down, verdict: 'chosen' }),
    samplePathOf({ number: 1, uplink: 1 }),
  ]
  check(
    { paths: best },
    {},
    'peer-down',
    'It would go by wan0: down for 3.0 s: nothing is heard by it.',
  )
  const also = answerTo({ paths: [...best, samplePathOf({ ...untried, number: 2 })], path: 1 }).also
  assert.deepEqual(also, [
    {
      cause: 'uplink-dead',
      sentence: 'Nothing goes to hub-1 by wan0: down for 3.0 s: nothing is heard by it.',
    },
  ])
})

test('what the policy itself keeps from the flow is said of a flow that nothing carries', () => {
  const metered = samplePathOf({ verdict: 'metered', isMetered: true, number: 1, uplink: 1 })
  const paths = [samplePathOf({ ...down, verdict: 'chosen' }), metered]
  const counters = readingOf([samplePath({ peer: 'lisbon', state: 'down', reason: 'silent' })])
  check(
    { paths, policy: 'calls' },
    { counters },
    'uplink-dead',
    'Nothing is heard by wan0, from hub-1 or from any other peer, and policy calls uses no metered uplink (lte0).',
  )
  // What would not carry it either is no mistake of the policy's.
  const dead = [paths[0]!, { ...metered, state: 'down' as const }]
  check({ paths: dead, policy: 'calls' }, { counters }, 'uplink-dead', /any other peer\.$/)
  check(
    { paths: [metered], policy: 'calls', path: null, bestPath: null, reason: 'policy' },
    {},
    'policy-unmet',
    'No path to hub-1 is one that policy calls allows: it uses no metered uplink (lte0).',
  )
})

test('the verdict on a dead path says the same of it as its row', () => {
  const dead = (reason: 'deaf' | 'unanswered', more = {}) => {
    const path = { ...down, reason, verdict: 'chosen' as const, ...more }
    return { paths: [samplePathOf(path)] }
  }
  const counters = readingOf([samplePath({ peer: 'lisbon', state: 'down', reason: 'deaf' })])
  const [row] = answerTo(dead('deaf'), { counters }).paths
  assert.equal(
    row?.sentence,
    'for want of a better one: down for 3.0 s: the far end hears nothing by it',
  )
  check(
    dead('deaf'),
    { counters },
    'uplink-dead',
    'Neither hub-1 nor any other peer is reached by wan0: the far end hears nothing by it.',
  )
  check(
    dead('unanswered'),
    {},
    'peer-down',
    'There is a session, but hub-1 answers nothing by any path, though something is heard.',
  )
  const both = [...dead('deaf').paths, ...dead('unanswered', { number: 1, uplink: 1 }).paths]
  check(
    { paths: both },
    {},
    'peer-down',
    'There is a session, but no path carries packets both to hub-1 and from it.',
  )
})

test('a strict policy that no path meets names the endpoint where an uplink has two, and says what the table says', () => {
  const slow = samplePathOf({ verdict: 'latency', latencyUs: 200_400 })
  const untried = { state: 'untried', reason: 'untried', verdict: 'down' } as const
  const paths = [
    samplePathOf({ ...untried, number: 1, remoteAddress: '10.99.0.6' }),
    slow,
    samplePathOf({ number: 2, uplink: 1, verdict: 'jitter' }),
  ]
  const said = { paths, policy: 'calls', path: null, bestPath: null, reason: 'policy' } as const
  check(
    said,
    {},
    'policy-unmet',
    'No path to hub-1 is one that policy calls allows: ' +
      'wan0 to 198.51.100.7:51820: latency 200 ms is above the 150 ms of policy calls; ' +
      'lte0: its jitter was above the limit of policy calls a moment ago; ' +
      'wan0 to 10.99.0.6:51820: nobody has answered by it yet.',
  )
  const many = Array.from({ length: 16 }, (_, number) => ({ ...slow, number }))
  check({ ...said, paths: many }, {}, 'policy-unmet', /; 12 more\.$/)
})

test('uplinks go by their numbers in the program, which stay when the configuration has them in another order', () => {
  const moved = { ...config, uplinks: config.uplinks.toReversed() }
  const numbered = config.uplinks
  const path = samplePathOf({ verdict: 'metered', isMetered: true, number: 1, uplink: 1 })
  const said = { paths: [path, samplePathOf()], policy: 'calls' } as const
  const answers = [answerTo(said), answerTo(said, { config: moved, numbered })]
  const [before, after] = answers.map(({ paths }) =>
    paths.map(({ uplink, sentence }) => [uplink, sentence]),
  )
  assert.deepEqual(before?.[1], ['lte0', 'metered: policy calls never uses such an uplink'])
  assert.deepEqual(after, before)
})

test('each path has its reason', () => {
  const said = (change: Partial<Explanation['paths'][number]>, more: Partial<Explanation> = {}) => {
    const paths = [samplePathOf(change), samplePathOf({ number: 9, uplink: 1 })]
    return answerTo({ policy: 'calls', paths, ...more }).paths[0]!.sentence
  }
  assert.equal(said({}), 'chosen: preferred uplink')
  assert.equal(said({ uplink: 1 }), 'chosen: the best of 2')
  assert.equal(said({}, { paths: [samplePathOf({ uplink: 1 })] }), 'chosen: the only path')
  assert.equal(said({}, { policy: 'business' }), 'chosen: flows are spread over all good paths')
  assert.equal(
    said({ uplink: 1, isMetered: true, isBackup: true }),
    'chosen: metered backup, but no other can be used',
  )
  assert.equal(
    said({ lossPpm: 6_000 }),
    'chosen, the least bad: loss 0.6 % is above the 0.5 % of policy calls',
  )
  assert.equal(
    said({ ...down, verdict: 'chosen' }),
    'for want of a better one: down for 3.0 s: nothing is heard by it',
  )
  const other = { verdict: 'less-preferred', uplink: 0 } as const
  assert.equal(said(other, { bestPath: 9, path: 9 }), 'fits: stands by, lte0 goes before')
  assert.equal(said({ ...other, uplink: 1 }, { bestPath: 9, path: 9 }), 'fits: stands by')
  assert.equal(
    said(other, { bestPath: 9, path: 0, pinnedPath: 0 }),
    'fits: stands by, lte0 goes before; this flow stays on it for now',
  )
  assert.equal(said({ verdict: 'last-resort', isMetered: true, uplink: 1 }), 'metered: last resort')
  const backup = { verdict: 'last-resort', isBackup: true, isMetered: true } as const
  assert.equal(said({ ...backup, uplink: 1 }), 'backup: used only when no other uplink is usable')
  assert.equal(said(backup), 'backup: used only when no other uplink is usable, preferred or not')
  assert.equal(said({ verdict: 'returning', holdMs: 12_300 }), 'was down; is trusted again in 12 s')
  assert.equal(
    said({ verdict: 'returning', cleanMs: 8_000 }),
    'broke a limit of policy calls; is trusted again in 8.0 s',
  )
  assert.equal(
    said({ verdict: 'returning', holdMs: 28_000, isKinDown: true }),
    'shares an end with a path that was down; is trusted again in 28 s',
  )
  assert.equal(
    said({ verdict: 'returning', cleanMs: 28_000, isKinBreaching: true }),
    'shares an end with a path that broke a limit of policy calls; is trusted again in 28 s',
  )
  assert.equal(said({ verdict: 'doubtful' }), 'its answer is late: it may be down')
  assert.equal(
    said({ verdict: 'loss', lossPpm: 48_000 }),
    'loss 4.8 % is above the 0.5 % of policy calls',
  )
  assert.equal(
    said({ verdict: 'jitter', jitterUs: 44_000 }),
    'jitter 44 ms is above the 30 ms of policy calls',
  )
  assert.equal(said({ ...down, reason: 'deaf' }), 'down for 3.0 s: the far end hears nothing by it')
  assert.equal(
    said({ ...down, reason: 'no-uplink', obstacle: 'no-carrier' }),
    'uplink wan0 has no carrier',
  )
  assert.equal(
    said({ verdict: 'down', state: 'untried', reason: 'untried', obstacle: 'no-neighbour' }),
    'nobody has answered by it yet; the next hop of uplink wan0 is not known',
  )
  assert.equal(
    said({ verdict: 'metered', uplink: 1 }),
    'metered: policy calls never uses such an uplink',
  )
  assert.equal(
    said({ verdict: 'kind' }),
    'policy calls uses uplinks of kind internet or private alone',
  )
  assert.equal(said({}, { hasSession: false }), 'there is no session with hub-1')
})
