/** What the pages make of a status: the sentence at the top, what to do, the state of uplinks and peers, the picture. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Status } from '../../../firmware/model/local-api.ts'
import { applyEvent, asksForStatus } from '../../../webui/live/apply-event.ts'
import { headlineOf } from '../../../webui/page/overview/headline.ts'
import { layOut, mostPeers, shownPeers, uplinkKind } from '../../../webui/page/overview/site-map.ts'
import { peerState, sortedPeers } from '../../../webui/page/peers/peer-state.ts'
import { mtuRange, pathsBy, uplinkState } from '../../../webui/page/uplinks/uplink-state.ts'
import { remedyOf } from '../../../webui/text/remedy.ts'
import { pathsOf } from '../../browser/canned/paths.ts'
import { statusOf } from '../../browser/canned/site.ts'
import { projectRoot } from '../../law/source-tree.ts'

const well = statusOf({ site: 'well' })
const cut = statusOf({ site: 'cut' })
const worn = statusOf({ site: 'worn' })

test('a site that is well is said to be, with what is up', () => {
  const { tone, sentence, about } = headlineOf(well)
  assert.deepEqual([tone, sentence], ['good', 'All is well.'])
  assert.match(about, /^2 uplinks and 4 peers are up\. Running for 12 d\.$/)
})

test('a cut uplink comes first, with what to do and that traffic goes on', () => {
  const { tone, sentence, about, remedy } = headlineOf(cut)
  assert.deepEqual([tone, sentence], ['warn', 'Uplink wan0 (enp1s0) is down.'])
  assert.match(about, /goes on by lte0: all 4 peers are reached/)
  assert.match(remedy!, /cable/)
})

test('traffic goes on by what peers are reached by, and not by all that has a carrier', () => {
  const peers = well.peers.map((peer) => ({ ...peer, uplink: 'lte0' }))
  const { about } = headlineOf({ ...well, peers, isHealthy: false, problems: ['something'] })
  assert.match(about, /goes on by lte0: all 4 peers are reached/)
})

test('a blank box says so, and not what it lacks', () => {
  const { sentence, isBlank, more } = headlineOf(statusOf({ site: 'blank' }))
  assert.deepEqual([sentence, isBlank, more], ['This box is not set up yet.', true, []])
})

test('what users notice is bad', () => {
  assert.equal(headlineOf(worn).tone, 'bad')
  assert.equal(headlineOf({ ...cut, datapathUptimeSeconds: null }).tone, 'bad')
})

test('every problem that the box can tell has a remedy', () => {
  const sources = ['status', 'path-problem', 'reach-problem', 'policy-problem'].map((name) =>
    readFileSync(join(projectRoot, 'firmware/plan', `${name}.ts`), 'utf8'),
  )
  const told = sources.flatMap((source) =>
    [...source.matchAll(/[`']([^`'\n]*\$\{[^`]*|the (?:data|conf)[^'`]*)[`']/g)].map(
      ([, text]) => text!,
    ),
  )
  const samples = told
    .map((text) =>
      text.replaceAll(/\$\{[^}]*\? '[^']*' : '([^']*)'\}/g, '$1').replaceAll(/\$\{[^}]*\}/g, '2'),
    )
    .filter((text) => /\b(is|are|not|no|drops?|reaches)\b/.test(text) && !text.startsWith(' '))
  assert.ok(samples.length >= 15, `${samples.length}`)
  const parts = /^(2 2 \(|, |2, |2 to 2|2 is up)/
  const without = samples.filter((text) => remedyOf(text) === null && !parts.test(text))
  assert.deepEqual(without, [])
})

test('an uplink says why it is down', () => {
  const [wan, lte] = cut.uplinks
  const paths = pathsOf(cut)
  assert.equal(uplinkState(wan!, cut.problems, pathsBy('wan0', paths)).word, 'down')
  assert.equal(uplinkState(lte!, cut.problems, pathsBy('lte0', paths)).tone, 'good')
  const state = (more: object) => uplinkState({ ...lte!, ...more }, [], [])
  assert.equal(state({ isUp: null }).tone, 'idle')
  assert.equal(state({ address: [] }).word, 'no address')
  assert.match(state({ address: [] }).remedy!, /DHCP/)
  assert.equal(state({ nat: [{ ...lte!.nat[0]!, isBlocked: true }] }).word, 'UDP is blocked')
  const lost = pathsBy('wan0', paths)
  assert.equal(uplinkState(lte!, [], lost).word, 'reaches nobody')
  const refused = ['the lease of uplink lte0 is refused: its network is one of those inside']
  assert.match(uplinkState({ ...lte!, address: [] }, refused, []).why!, /^The lease of uplink lte0/)
})

test('the largest packets by an uplink are those of its paths', () => {
  const paths = pathsBy('wan0', pathsOf(well))
  assert.deepEqual(mtuRange(paths), [1406, 1406])
  assert.equal(mtuRange(pathsBy('wan0', pathsOf(cut))), null)
})

test('a peer through a relay says why, and what to do', () => {
  const lisbon = well.peers.find(({ name }) => name === 'lisbon')!
  const { tone, word, why, remedy } = peerState(lisbon)
  assert.deepEqual([tone, word], ['warn', 'relayed'])
  assert.match(why!, /^Nothing gets through/)
  assert.match(remedy!, /firewall/)
  assert.equal(peerState({ ...lisbon, state: 'unreached' }).tone, 'bad')
})

test('peers that are lost stand first, and can be searched for', () => {
  assert.equal(sortedPeers(worn.peers, '')[0]!.name, 'porto')
  assert.deepEqual(
    sortedPeers(worn.peers, ' OS ').map(({ name }) => name),
    ['oslo'],
  )
})

test('the picture has a line for each path, by its kind', () => {
  const peers = shownPeers(well, pathsOf(well))
  assert.deepEqual(
    peers.map(({ peer, paths }) => [peer.name, paths.map(({ kind }) => kind).join(' ')]),
    [
      ['hub-1', 'used ready'],
      ['lisbon', 'relayed ready'],
      ['oslo', 'used ready'],
      ['porto', 'used ready'],
    ],
  )
  assert.equal(uplinkKind('wan0', true, peers), 'used')
  assert.equal(uplinkKind('lte0', true, peers), 'ready')
  assert.equal(uplinkKind('lte0', false, peers), 'down')
  // It has a carrier, and whoever it should reach is not there.
  const useless = peers.map(({ peer, paths }) => ({
    peer,
    paths: paths.map(
      ({ uplink, kind }) => ({ uplink, kind: uplink === 'wan0' ? 'down' : kind }) as const,
    ),
  }))
  assert.equal(uplinkKind('wan0', true, useless), 'down')
  // Before paths are read, the status says enough.
  assert.equal(shownPeers(well, null)[0]!.paths[0]!.kind, 'used')
  // A peer to which no way is known has a line that says so.
  const lost = { ...well.peers[0]!, uplink: null, state: 'down' as const }
  assert.equal(shownPeers({ ...well, peers: [lost] }, null)[0]!.paths[0]!.kind, 'down')
})

test('the picture stays within its width, wide and narrow, and shows no more peers than it can', () => {
  const many = Array.from({ length: 40 }, (_, index) => ({ ...well.peers[0]!, name: `p${index}` }))
  const peers = shownPeers({ ...well, peers: many }, null)
  assert.equal(peers.length, mostPeers)
  const uplinks = well.uplinks.map(({ name }) => ({ name, kind: 'used' as const }))
  for (const width of [320, 358, 700, 1100]) {
    const map = layOut(width, uplinks, peers)
    assert.equal(map.isNarrow, width < 620)
    for (const place of [map.box, ...map.uplinks, ...map.peers]) {
      assert.ok(place.x >= 0 && place.x + place.width <= width + 0.5, `${width}`)
      assert.ok(place.y >= 0 && place.y + place.height <= map.height + 0.5, `${width}`)
    }
    assert.equal(map.lines.length, uplinks.length + peers.length)
  }
})

test('an event shows before the status is read again', () => {
  const down = applyEvent(well, { kind: 'uplink', uplink: 'wan0', isUp: false })!
  assert.equal(down.uplinks[0]!.isUp, false)
  const problems = ['uplink wan0 (enp1s0) is down']
  const sick = applyEvent(down, { kind: 'health', isHealthy: false, problems })!
  assert.equal(sick.health, problems[0])
  const gone = applyEvent(sick, { kind: 'peer', peer: 'oslo', state: null })!
  assert.equal(gone.peers.length, 3)
  assert.equal(applyEvent(null, { kind: 'datapath', isConnected: false }), null)
  assert.equal(
    applyEvent(well, { kind: 'datapath', isConnected: false })!.datapathUptimeSeconds,
    null,
  )
  const back = [false, true].reduce<Status | null>(
    (before, isConnected) => applyEvent(before, { kind: 'datapath', isConnected }),
    well,
  )
  assert.equal(back!.datapathUptimeSeconds, 0)
  assert.deepEqual(
    ['sample', 'told', 'status', 'path'].map((kind) => asksForStatus({ kind })),
    [false, false, false, true],
  )
})
