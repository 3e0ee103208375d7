/** What is said of the paths of a flow: why none carries it, why this one and why not the others. By table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Explanation } from '../../../firmware/model/explanation.ts'
import { answerTo, check } from './explain-answer.ts'
import { samplePathOf } from './sample-explanation.ts'
import { samplePath } from './sample-path.ts'

const noFlows = { places: 0, inUse: 0, refused: 0 }
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
  const counters = {
    ...{ generation: 1, uptimeMs: 1, drops: {}, keypairs: 1, buffers: { small: 0, large: 0 } },
    ...{
      overflow: { addresses: 0, routes: 0, neighbours: 0 },
      flows: noFlows,
      ports: [],
      peers: [],
    },
    paths: [samplePath(other), samplePath({ ...other, uplink: 1 })],
  }
  check({ paths }, { counters }, 'uplink-dead', /^Nothing is heard by wan0 and lte0, from hub-1/)
  const alive = {
    ...counters,
    paths: [samplePath(other), samplePath({ peer: 'lisbon', uplink: 1 })],
  }
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
      'lte0: latency 200 ms is above the 150 ms of policy calls.',
  )
  const dead = paths.map((path) => ({ ...path, ...(path.verdict === 'metered' ? {} : down) }))
  check(
    { paths: dead, policy: 'calls', path: null, bestPath: null, reason: 'policy' },
    {},
    'peer-down',
    /nothing is heard from hub-1 by any path that policy calls uses/,
  )
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
    said({ isMetered: true, isBackup: true }),
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
  assert.equal(said({ verdict: 'last-resort', isMetered: true }), 'metered: last resort')
  assert.equal(said({ verdict: 'last-resort', isBackup: true }), 'backup: last resort')
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
  assert.equal(said({ verdict: 'metered' }), 'metered: policy calls never uses such an uplink')
  assert.equal(
    said({ verdict: 'kind' }),
    'policy calls uses uplinks of kind internet or private alone',
  )
  assert.equal(said({}, { hasSession: false }), 'there is no session with hub-1')
})
