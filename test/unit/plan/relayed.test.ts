/** What people are told of a peer that is reached through a relay, or that no relay reaches. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathsText } from '../../../firmware/cli/path-text.ts'
import { byText } from '../../../firmware/cli/reach-text.ts'
import { eventText, statusText } from '../../../firmware/cli/text.ts'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { isStatus } from '../../../firmware/model/local-api.ts'
import {
  endpointOf,
  type ReachFacts,
  reachAnswer,
  relayOf,
} from '../../../firmware/plan/relayed.ts'
import { composeStatus } from '../../../firmware/plan/status.ts'
import { changesBetween, toldStatus } from '../../../firmware/plan/status-change.ts'
import { relayedAddress } from '../../../firmware/wire/relay.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { answerTo, check } from './explain-answer.ts'
import { samplePathOf } from './sample-explanation.ts'
import { byHub, relayedFacts, sampleReach } from './sample-reach.ts'
import { statusFacts } from './sample-status.ts'

const { peers } = sampleConfig() as DeviceConfig
const why =
  'the NATs of both ends give each destination another port, so that neither end knows where to send to'

test('an address of a relay has its name, whatever the channel; one of a host has none', () => {
  assert.equal(relayOf(byHub, peers), 'hub-1')
  const branch = { ...peers[0]!, name: 'branch', role: 'site' } as const
  assert.equal(relayOf(byHub, [branch, ...peers]), 'hub-1')
  assert.equal(relayOf('2001:db8::1', peers), null)
  assert.equal(relayOf('198.51.100.7', peers), null)
  assert.equal(relayOf(relayedAddress(new Uint8Array(32), 1), peers), 'unknown')
  assert.equal(endpointOf({ remoteAddress: byHub, remotePort: 0 }, peers), 'relay hub-1')
})

test('why a peer is relayed is told with when it is tried again; of a direct one there is nothing to say', () => {
  assert.deepEqual(reachAnswer(relayedFacts('lisbon'), peers), {
    ...{ how: 'relayed', seconds: 300, relay: 'hub-1', reason: 'both-dependent' },
    ...{ explanation: why, nextTrySeconds: 32, channels: [{ relay: 'hub-1', state: 'open' }] },
  })
  const direct = reachAnswer(relayedFacts('lisbon', { how: 'direct' }), peers)
  assert.deepEqual(direct, sampleReach({ channels: [{ relay: 'hub-1', state: 'open' }] }))
})

test('by whom it goes is told by name, also while flows have not left the relay for a new direct way', () => {
  const [endpoint, uplink] = ['relay hub-1', 'relay']
  assert.equal(byText({ endpoint, uplink, reach: sampleReach() }), 'relay hub-1')
  assert.equal(byText({ endpoint: '192.0.2.9:1', uplink: 'wan0', reach: sampleReach() }), 'wan0')
})

test('the tables of peers and paths say it', () => {
  const status = composeStatus(statusFacts({ reaches: [relayedFacts('lisbon')] }))
  const line = `lisbon is reached through relay hub-1 for 5 min: ${why}; next try in 32 s`
  assert.ok(statusText(status).includes(`${line}\n`))
  assert.match(statusText(status), /^lisbon +up +relay hub-1 /m)
  const reach = reachAnswer(relayedFacts('lisbon'), peers)
  const text = pathsText({ peers: [{ peer: 'lisbon', reach, paths: [] }] }, { isWide: false })
  assert.ok(text.includes(`${line}\n`))
  const lost = relayedFacts('lisbon', {
    how: 'none',
    channels: [{ relay: 'hub-1', state: 'absent' }],
  })
  assert.match(
    statusText(composeStatus(statusFacts({ reaches: [lost] }))),
    /^lisbon is not reached: hub-1, which could relay, has no session with it$/m,
  )
})

test('a peer with a session that no path reaches is a problem, told with its reason; so is each other one', () => {
  const lost = relayedFacts('lisbon', {
    how: 'none',
    channels: [{ relay: 'hub-1', state: 'refused' }],
  })
  const status = composeStatus(statusFacts({ reaches: [lost], absentNics: ['wwan0'] }))
  assert.ok(isStatus(status))
  const why =
    'hub-1, the only hub, refuses to relay to it: it has no overlay.relay, or no peer with its wireKey'
  assert.equal(status.isHealthy, false)
  assert.deepEqual(status.problems, ['NIC wwan0 is missing', `lisbon is not reached: ${why}`])
  const { state, rttSeconds } = status.peers[1]!
  assert.deepEqual([state, rttSeconds], ['unreached', null])
  const text = statusText(status)
  assert.match(text, /: NIC wwan0 is missing\nalso: lisbon is not reached: hub-1, the only hub/)
  assert.match(text, /^lisbon +not reached /m)
  const before = composeStatus(statusFacts({ reaches: [relayedFacts('lisbon')] }))
  const events = changesBetween(before, status)
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['peer', 'reach', 'health'],
  )
  const told = eventText(events[0]!, new Date(0))
  assert.match(told, /peer lisbon has a session, and no path that carries packets$/m)
  const without = composeStatus(statusFacts({ reaches: [{ ...lost, channels: [] }] }))
  assert.equal(without.health, 'lisbon is not reached: no path to it carries packets')
})

test('that it changes is an event', () => {
  const direct = relayedFacts('lisbon', { how: 'direct' })
  const [before, after] = [[direct], [relayedFacts('lisbon')]].map((reaches) =>
    composeStatus(statusFacts({ reaches })),
  )
  const [event, ...more] = changesBetween(before!, after!)
  assert.deepEqual(event, {
    ...{ kind: 'reach', peer: 'lisbon', how: 'relayed', relay: 'hub-1' },
    ...{ reason: 'both-dependent', explanation: why },
  })
  assert.deepEqual(more, [])
  assert.equal(
    eventText(event!, new Date(0)),
    `1970-01-01 00:00:00Z  peer lisbon is reached through relay hub-1: ${why}\n`,
  )
})

test('that a direct way is looked for again in vain is no event; that there is another reason is one', () => {
  const at = (change: Partial<ReachFacts>) =>
    composeStatus(statusFacts({ reaches: [relayedFacts('lisbon', change)] }))
  const reasons = ['untried', 'trying', 'unanswered', 'trying', 'unanswered', 'trying', 'walled']
  let last = at({ how: 'direct' })
  const told = (reasons as ReachFacts['reason'][]).flatMap((reason) => {
    const now = toldStatus(last, at({ reason }))
    const events = changesBetween(last, now)
    last = now
    return events.map((event) => (event.kind === 'reach' ? event.reason : event.kind))
  })
  assert.deepEqual(told, ['untried', 'trying', 'unanswered', 'walled'])
  const direct = toldStatus(last, at({ how: 'direct' }))
  const again = toldStatus(direct, at({ reason: 'trying' }))
  assert.equal(changesBetween(direct, again).length, 1)
})

test('a flow that is relayed says by whom and why', () => {
  const paths = [samplePathOf({ uplink: 254, remoteAddress: byHub, remotePort: 0 })]
  const said = { peer: 'lisbon', paths }
  const answer = answerTo(said, { reach: relayedFacts('lisbon') })
  assert.equal(answer.sentence, 'It goes to lisbon by relay hub-1, as the default policy has it.')
  assert.deepEqual(answer.also[0], {
    cause: 'relayed',
    sentence: `hub-1 relays it, since no direct way to lisbon carries packets: ${why}; one is looked for again in 32 s.`,
  })
  assert.equal(answer.paths[0]?.endpoint, 'relay hub-1')
})

test('where much is lost by a relay, it may be that more is sent than that relays', () => {
  const sentenceAt = (lossPpm: number | null): string => {
    const paths = [samplePathOf({ uplink: 254, remoteAddress: byHub, remotePort: 0, lossPpm })]
    const answer = answerTo({ peer: 'lisbon', paths }, { reach: relayedFacts('lisbon') })
    return answer.also.find(({ cause }) => cause === 'relayed')!.sentence
  }
  for (const little of [null, 0, 9_999]) assert.doesNotMatch(sentenceAt(little), /lost/)
  assert.match(
    sentenceAt(244_200),
    / 24\.4 % of what is sent by it is lost, as where more is sent than hub-1 relays: its status says whether that is so\.$/,
  )
})

test('a flow to a peer with a session and without a path says what became of the relays', () => {
  const reach = relayedFacts('lisbon', {
    how: 'none',
    channels: [{ relay: 'hub-1', state: 'refused' }],
  })
  check(
    { peer: 'lisbon', path: null, paths: [], reason: 'no_session' },
    { reach },
    'relay-absent',
    'lisbon is not reached: no direct way to it is known, and hub-1, the only hub, refuses to relay to it: it has no overlay.relay, or no peer with its wireKey.',
  )
})

test('a path that is metered at the other end alone says so', () => {
  const metered = { isMetered: true, verdict: 'last-resort', number: 4, uplink: 0 } as const
  const answer = answerTo({ paths: [samplePathOf(), samplePathOf(metered)] })
  const [told] = answer.paths.filter(({ number }) => number === 4)
  assert.equal(told?.sentence, 'metered at the end of hub-1: last resort')
})

test('a relayed path that costs nothing stands behind a direct one as a relayed one, not as a metered one', () => {
  const through = { remoteAddress: byHub, remotePort: 0, uplink: 254, number: 4 } as const
  const sentenceOf = (isMetered: boolean) => {
    const path = samplePathOf({ ...through, verdict: 'last-resort', isMetered })
    const answer = answerTo({ paths: [samplePathOf(), path] })
    return answer.paths.find(({ number }) => number === 4)?.sentence
  }
  assert.equal(sentenceOf(false), 'through a relay: used only when no direct path is usable')
  assert.equal(sentenceOf(true), 'metered on the way: last resort')
})

test('a flow to a peer without endpoints says what became of the relays', () => {
  const noSession = { hasSession: false, path: null, paths: [], peer: 'lisbon' } as const
  const session = { state: 'down', canCall: false } as const
  const lost = (state: 'absent' | 'refused') =>
    relayedFacts('lisbon', { how: 'none', channels: [{ relay: 'hub-1', state }] })
  const config = sampleConfig() as DeviceConfig
  const lonely = config.peers.map((peer) => ({ ...peer, endpoints: [] }))
  const change = { session, config: { ...config, peers: lonely } }
  const start = 'lisbon cannot be called, since it has no endpoint; it has not called, and'
  check(
    noSession,
    { ...change, reach: lost('absent') },
    'relay-absent',
    `${start} hub-1, which could relay, has no session with it.`,
  )
  check(
    noSession,
    { ...change, reach: lost('refused') },
    'relay-absent',
    `${start} hub-1, the only hub, refuses to relay to it: it has no overlay.relay, or no peer with its wireKey.`,
  )
  check(noSession, { ...change, reach: null }, 'relay-absent', `${start} there is no relay.`)
  const open = relayedFacts('lisbon', { how: 'none' })
  check(
    noSession,
    { ...change, session: { ...session, canCall: true, stateAgeMs: 2_000 }, reach: open },
    'peer-unreachable',
    'lisbon does not answer: it is being called at relay hub-1 for 2.0 s.',
  )
})
