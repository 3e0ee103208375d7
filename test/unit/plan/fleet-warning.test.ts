/** What is sound and cannot work, or does nothing: told by document and place, and no reason to refuse it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { fleetWarnings } from '../../../firmware/plan/fleet-warning.ts'
import { hubOf, main, network, office, siteOf } from './fleet-sample.ts'

const hubs = { ...network, topology: { kind: 'hubs' } } as FleetDocument

function told(...documents: readonly FleetDocument[]): string[] {
  return fleetWarnings([main, office, ...documents]).map(
    ({ document, path, message }) => `${document} ${path}: ${message}`,
  )
}

test('what works is not warned of', () => {
  const policy: FleetDocument = { kind: 'policy', name: 'p', order: 1, prefer: ['wan0'] }
  const labels = { size: 'small' }
  const rest = [siteOf('a', { labels }), siteOf('b'), { ...policy, sites: labels }] as const
  assert.deepEqual(told(hubs, hubOf('hub', '198.51.100.7:51820'), ...rest), [])
  assert.deepEqual(told(network, siteOf('a'), siteOf('b')), [])
})

test('a hub without endpoints, with a private one, and one at a port where it does not listen', () => {
  assert.match(
    told(hubs, siteOf('h', { role: 'hub' }))[0]!,
    /^site\/h \/endpoints: is missing: a hub/,
  )
  assert.match(told(hubs, hubOf('h', '10.0.0.7:51820'))[0]!, /^site\/h \/endpoints: .*1:1 NAT/)
  assert.match(
    told(hubs, hubOf('h', '198.51.100.7:443'))[0]!,
    /^site\/h \/endpoints\/0: its box listens at 51820, not at 443/,
  )
  const both = { ...hubs, overlay: { port: 51_820, ports: [443] } } as FleetDocument
  assert.deepEqual(told(both, hubOf('h', '198.51.100.7:443')), [])
  assert.match(told(both, siteOf('s', { endpoints: ['198.51.100.7:443'] }))[0]!, /not at 443/)
})

test('a network whose sites talk through hubs, and has none', () => {
  assert.match(
    told(hubs, siteOf('a'), siteOf('b'))[0]!,
    /^network\/acme \/topology: no site has the/,
  )
})

test('uplinks and labels that no site has', () => {
  const policy = { kind: 'policy', name: 'p', order: 1 } as const
  assert.deepEqual(
    told(network, siteOf('a'), { ...policy, prefer: ['wan0', 'wan1'], sites: { size: 'big' } }),
    [
      'policy/p /sites: no site has these labels (size: big): it does nothing',
      "policy/p /prefer/1: no site has an uplink 'wan1', did you mean wan0?",
    ],
  )
})
