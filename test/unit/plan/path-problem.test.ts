/** What people are told is wrong with paths: by table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { PeerStatus, UplinkStatus } from '../../../firmware/model/local-api.ts'
import type { PathCounters } from '../../../firmware/model/path-program.ts'
import { pathProblems } from '../../../firmware/plan/path-problem.ts'
import { namePaths, type PathsByPeer, summaryOf } from '../../../firmware/plan/path-status.ts'
import { noRates } from '../../../firmware/plan/rates.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { reading, samplePath } from './sample-path.ts'
import { sampleReach } from './sample-reach.ts'

const config = sampleConfig() as DeviceConfig
const hub = 'hub-1'

function named(paths: readonly PathCounters[]) {
  return namePaths(config, reading(paths), noRates)
}

const down = { state: 'down', reason: 'silent' } as const
const byLte = { uplink: 1, number: 1 } as const
/** It was not there when the program came, so the datapath calls it down; nobody ever answered. */
const untried = { state: 'down', reason: 'untried', rttUs: null } as const

function peer(name: string, paths: PathsByPeer): PeerStatus {
  const nothing = { endpoint: null, rttSeconds: null, lastHeardSeconds: null, lastError: null }
  const summary = summaryOf(paths.get(name) ?? [])
  const reach = sampleReach()
  return { name, role: 'site', state: 'up', ...nothing, throughput: null, reach, ...summary }
}

function uplink(name: string, isUp: boolean | null, address = ['192.0.2.2/24']): UplinkStatus {
  const nothing = { gateway: null, throughput: null, nat: [], queue: null, ingress: null }
  return { name, nic: 'n', address, isUp, ...nothing }
}

const at443 = { number: 1, remotePort: 443 } as const

const sound = [uplink('wan0', true), uplink('lte0', true)]

const told: readonly [
  name: string,
  paths: readonly PathCounters[],
  uplinks: readonly UplinkStatus[],
  sentences: readonly string[],
][] = [
  ['all that are up', [samplePath(), samplePath(byLte)], sound, []],
  [
    'one of two',
    [samplePath(), samplePath({ ...byLte, ...down })],
    sound,
    ['1 of 2 paths to hub-1 is down: lte0 to 198.51.100.7:51820, nothing is heard by it'],
  ],
  [
    'more, with their reasons and a limit',
    [
      samplePath(),
      samplePath({ ...down, number: 1, remotePort: 2 }),
      samplePath({ ...byLte, state: 'down', reason: 'deaf' }),
      samplePath({ ...byLte, ...down, remotePort: 3 }),
    ],
    sound,
    [
      '3 of 4 paths to hub-1 are down: wan0 to 198.51.100.7:2, nothing is heard by it; ' +
        'lte0 to 198.51.100.7:51820, the far end hears nothing by it; …',
    ],
  ],
  [
    'a port that was shut of late, of a host that is reached',
    [samplePath(), samplePath({ ...down, ...at443, stateMs: 599_000 })],
    sound,
    ['1 of 2 paths to hub-1 is down: wan0 to 198.51.100.7:443, nothing is heard by it'],
  ],
  [
    'none to a port that stays shut, of a host that is reached at another by the same uplink',
    [samplePath(), samplePath({ ...down, ...at443, stateMs: 600_000 })],
    sound,
    [],
  ],
  [
    'one to a port that stays shut, of a host that is reached by another uplink alone',
    [samplePath(byLte), samplePath({ ...down, ...at443, stateMs: 600_000 })],
    sound,
    ['1 of 2 paths to hub-1 is down: wan0 to 198.51.100.7:443, nothing is heard by it'],
  ],
  [
    'none that nobody ever answered by',
    [samplePath(), samplePath({ ...byLte, ...untried })],
    sound,
    [],
  ],
  [
    'none that was learned',
    [samplePath(), samplePath({ ...byLte, ...down, isLearned: true })],
    sound,
    [],
  ],
  [
    'none whose uplink is down, which is told already',
    [samplePath(), samplePath({ ...byLte, state: 'down', reason: 'no-uplink' })],
    [uplink('wan0', true), uplink('lte0', false)],
    [],
  ],
  [
    'none whose uplink has no lease, which is told already',
    [samplePath(), samplePath({ ...byLte, state: 'down', reason: 'no-uplink' })],
    [uplink('wan0', true), uplink('lte0', true, [])],
    [],
  ],
]

for (const [name, paths, uplinks, sentences] of told) {
  test(`problems of paths: ${name}`, () => {
    const all = named(paths)
    assert.deepEqual(pathProblems([peer(hub, all)], uplinks, all), sentences)
  })
}

/** Of five peers with a path by each uplink: those by the second one. */
function ofMany(change: (peer: number) => Partial<PathCounters>) {
  const names = ['a', 'b', 'c', 'd', 'e']
  const many = { ...config, peers: names.map((name) => ({ ...config.peers[0]!, name })) }
  const paths = names.flatMap((name, index) => [
    samplePath({ peer: name }),
    samplePath({ peer: name, ...byLte, ...change(index) }),
  ])
  const all = namePaths(many, reading(paths, [], many), noRates)
  return { all, peers: names.map((name) => peer(name, all)) }
}

test('problems of paths: of many peers a few are named, and none that is not up', () => {
  const { all, peers } = ofMany((index) => (index === 0 ? {} : down))
  const sentences = pathProblems(peers, sound, all)
  assert.equal(sentences.length, 4)
  assert.match(sentences[0]!, /^1 of 2 paths to b is down/)
  assert.equal(sentences[3], 'paths to 1 more peer are down')
  const lost = peers.map((one) => ({ ...one, state: 'down' }) as const)
  assert.deepEqual(pathProblems(lost, sound, all), [])
})

test('problems of paths: an uplink that reaches nobody is told once', () => {
  const { all, peers } = ofMany(() => down)
  const sentence = 'uplink lte0 has a carrier and reaches none of 5 peers'
  assert.deepEqual(pathProblems(peers, sound, all), [sentence])
})
