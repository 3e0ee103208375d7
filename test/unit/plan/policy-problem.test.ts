/** What people are told of policies that drop their flows: by table. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { Policy } from '../../../firmware/model/device-config-steering.ts'
import type { PeerStatus } from '../../../firmware/model/local-api.ts'
import type { PathCounters } from '../../../firmware/model/path-program.ts'
import { namePaths } from '../../../firmware/plan/path-status.ts'
import { policyProblems } from '../../../firmware/plan/policy-problem.ts'
import { noRates } from '../../../firmware/plan/rates.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { reading, samplePath } from './sample-path.ts'

const sample = sampleConfig() as DeviceConfig
const [wan0, lte0] = sample.uplinks

function told(policy: Omit<Policy, 'name'>, paths: readonly PathCounters[], state = 'up') {
  const uplinks = [wan0!, { ...lte0!, kind: 'private' } as const]
  const config: DeviceConfig = { ...sample, uplinks, policies: [{ name: 'calls', ...policy }] }
  const peers = [{ name: 'hub-1', state }] as unknown as readonly PeerStatus[]
  return policyProblems(config, peers, namePaths(config, reading(paths), noRates))
}

const wan = samplePath()
const lossy = samplePath({ out: { lossPpm: 30_000, latePpm: 0, jitterUs: 300 } })
const mpls = { uplink: 1, number: 1 } as const
const down = { state: 'down', reason: 'silent' } as const
const limits = 'policy calls drops what goes to hub-1: no path keeps its limits'
const none = 'policy calls drops what goes to hub-1: no path that it may use is up'

for (const [name, policy, paths, sentences] of [
  ['strict, and all paths are lossy', { loss: 1, otherwise: 'drop' }, [lossy], [limits]],
  ['strict, and all are slow', { latencyMs: 4, otherwise: 'drop' }, [wan], [limits]],
  [
    'strict, and one keeps the limit',
    { loss: 1, otherwise: 'drop' },
    [lossy, samplePath(mpls)],
    [],
  ],
  ['least-bad', { loss: 1 }, [lossy], []],
  [
    'of a kind that is down',
    { kinds: ['private'] },
    [wan, samplePath({ ...mpls, ...down })],
    [none],
  ],
  ['of a kind that the peer never had', { kinds: ['private'] }, [wan], []],
  [
    'without metered, which alone is up',
    { metered: 'never' },
    [samplePath(down), samplePath({ ...mpls, isMetered: true })],
    [none],
  ],
  [
    'of a kind, and nothing is up at all',
    { kinds: ['private'] },
    [samplePath(down), samplePath({ ...mpls, ...down })],
    [],
  ],
] as const satisfies readonly (readonly [
  string,
  Omit<Policy, 'name'>,
  readonly PathCounters[],
  readonly string[],
])[]) {
  test(`problems of policies: ${name}`, () => {
    assert.deepEqual(told(policy as Omit<Policy, 'name'>, paths), sentences)
    assert.deepEqual(told(policy as Omit<Policy, 'name'>, paths, 'down'), [])
  })
}
