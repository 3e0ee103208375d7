/** When an update has proven itself: it must do what the firmware before it did, and no more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Status } from '../../../firmware/model/local-api.ts'
import type { SlotBefore } from '../../../firmware/model/slot-note.ts'
import { beforeOf, type GatewayFacts, proofLacks } from '../../../firmware/plan/slot-proof.ts'
import { composeStatus, type StatusFacts } from '../../../firmware/plan/status.ts'
import { sampleBefore } from './sample-slot.ts'
import { statusFacts } from './sample-status.ts'

const composed = composeStatus(statusFacts())
/** Each uplink has a carrier. */
const all: Status = {
  ...composed,
  uplinks: composed.uplinks.map((uplink) => ({ ...uplink, isUp: true })),
}

interface Case {
  readonly says: string
  readonly status?: Partial<Status>
  readonly enrolment?: Partial<GatewayFacts['enrolment']>
  readonly before?: Partial<SlotBefore> | null
  readonly lacks: RegExp | null
}

const nobody = { isLinked: false, peersUp: 0 }
const noPeers = { peers: all.peers.map((peer) => ({ ...peer, state: 'down' as const })) }
const dark = { uplinks: all.uplinks.map((uplink) => ({ ...uplink, isUp: false })) }

const cases: readonly Case[] = [
  { says: 'all is as it was', lacks: null },
  {
    says: 'the datapath is down',
    status: { datapathUptimeSeconds: null },
    lacks: /^the datapath does not answer$/,
  },
  {
    says: 'what is configured does not run',
    status: { isApplied: false, problems: ['the configuration could not be applied: x'] },
    lacks: /^what is configured does not run: the configuration could not be applied: x$/,
  },
  {
    says: 'nor did it before',
    status: { isApplied: false },
    before: { isApplied: false },
    lacks: null,
  },
  {
    says: 'the configuration is refused by this firmware',
    status: { configSource: 'last-good', problems: ['device.yaml is refused'] },
    lacks: /^the configuration is refused: device.yaml is refused$/,
  },
  {
    says: 'it was refused before too',
    status: { configSource: 'last-good' },
    before: { configSource: 'last-good' },
    lacks: null,
  },
  {
    says: 'no configuration is left',
    status: { configSource: 'none', isApplied: false, problems: ['no usable configuration: y'] },
    lacks: /^there is no usable configuration any more: no usable configuration: y$/,
  },
  {
    says: 'a NIC is missing that was there',
    status: { absentNics: ['enp1s0', 'enp9s0'] },
    before: { absentNics: ['enp9s0'] },
    lacks: /^NIC enp1s0 is missing$/,
  },
  {
    says: 'an uplink has no port in the datapath',
    status: { uplinks: all.uplinks.map((uplink) => ({ ...uplink, isUp: null })) },
    lacks: /^the datapath has no port for uplink wan0/,
  },
  {
    says: 'what the box was is gone',
    status: { ...noPeers, configSource: 'factory' },
    enrolment: { state: 'alone', isLinked: false },
    lacks: /^it is blank/,
  },
  {
    says: 'nobody plugged a cable in',
    status: { ...dark, ...noPeers },
    before: nobody,
    lacks: null,
  },
  {
    says: 'a cable was in before, and nobody is reached by any now',
    status: { ...dark, ...noPeers },
    enrolment: { isLinked: false },
    lacks: /^it does not reach the controller or any peer, which was reached before$/,
  },
  {
    says: 'the controller is away, and a peer is reached',
    enrolment: { isLinked: false },
    lacks: null,
  },
  { says: 'peers are away, and the controller is reached', status: noPeers, lacks: null },
  {
    says: 'the controller was away before, and so is all else now',
    status: noPeers,
    enrolment: { isLinked: false },
    before: { isLinked: false, peersUp: 1 },
    lacks: /^it does not reach any peer, which was reached before$/,
  },
  {
    says: 'nobody was reached before either',
    status: noPeers,
    enrolment: { isLinked: false },
    before: nobody,
    lacks: null,
  },
  {
    says: 'the owner was given up meanwhile',
    status: { ...noPeers },
    enrolment: { state: 'alone', isLinked: false },
    before: { peersUp: 0 },
    lacks: null,
  },
  {
    says: 'a blank box',
    status: { configSource: 'factory', peers: [], ...dark },
    enrolment: { state: 'looking', isLinked: false },
    before: null,
    lacks: null,
  },
  {
    says: 'nobody noted how it was, and it reaches nobody',
    status: noPeers,
    enrolment: { isLinked: false },
    before: null,
    lacks: /^it does not reach the controller or any peer$/,
  },
  {
    says: 'nobody noted how it was, and no cable is in',
    status: { ...noPeers, ...dark },
    enrolment: { isLinked: false },
    before: null,
    lacks: null,
  },
]

function lacksOf({ status, enrolment, before = {} }: Case, wasGood: boolean): string[] {
  return proofLacks({
    wasGood,
    before: before === null ? null : { ...sampleBefore, ...before },
    gateway: {
      status: { ...all, ...status },
      enrolment: { state: 'owned', isLinked: true, ...enrolment },
    },
  })
}

for (const one of cases) {
  test(`${one.says}: ${one.lacks === null ? 'proven' : 'not yet'}`, () => {
    const text = lacksOf(one, false).join('; ')
    if (one.lacks === null) assert.equal(text, '')
    else assert.match(text, one.lacks)
  })
}

test('what was good before needs gateway and datapath, and nothing of others', () => {
  for (const one of cases) {
    const isDown = one.status?.datapathUptimeSeconds === null
    assert.equal(lacksOf(one, true).length, isDown ? 1 : 0, one.says)
  }
  for (const wasGood of [true, false]) {
    const gateway = { silence: 'no gateway runs here (API_UNREACHABLE)' }
    const [lack, ...more] = proofLacks({ wasGood, before: sampleBefore, gateway })
    assert.match(lack ?? '', /^the gateway does not answer: no gateway runs here/)
    assert.deepEqual(more, [])
  }
})

test('what is noted before an update is what the box did then', () => {
  const before = beforeOf(all, { isLinked: true })
  const up = all.peers.filter(({ state }) => state === 'up').length
  assert.ok(up > 0)
  assert.deepEqual(before, { ...sampleBefore, peersUp: up })
  assert.deepEqual(beforeOf({ ...all, ...noPeers }, { isLinked: false }).peersUp, 0)
})

test('a status says whether what is configured runs', () => {
  const applied = (more: Partial<StatusFacts>): boolean =>
    composeStatus({ ...statusFacts(), ...more }).isApplied
  assert.equal(applied({}), true)
  assert.equal(applied({ isDone: false }), false)
  assert.equal(applied({ config: null }), false)
  assert.equal(applied({ failure: { code: 'DATAPATH_REFUSED', message: 'refused' } }), false)
  const { absentNics } = composeStatus({ ...statusFacts(), absentNics: ['enp1s0'] })
  assert.deepEqual(absentNics, ['enp1s0'])
})
