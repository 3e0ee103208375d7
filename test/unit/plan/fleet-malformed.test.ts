/** Documents of a right form whose words are wrong are problems of theirs, wherever the wrong word stands: nothing is thrown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { readFleetDocument } from '../../../firmware/model/fleet-check.ts'
import { planFleet } from '../../../firmware/plan/fleet.ts'
import { fleetWarnings } from '../../../firmware/plan/fleet-warning.ts'
import { boxOf, hubOf, main, network, office, siteOf } from './fleet-sample.ts'

const wrongWords = [
  '10.3.0.300/24',
  '10.3.0.1',
  '/33',
  'hello',
  'fd00:3::zz/64',
  '10.0.0.0/40',
  '',
  '*',
]

const byHand = (site: number) => ({
  uplinks: [
    {
      name: 'wan0',
      nic: 'netdev:eth0',
      address: [`192.0.${site}.2/24`],
      gateway: `192.0.${site}.1`,
      up: '10M',
    },
  ],
  lans: [
    {
      name: 'lan0',
      nic: 'netdev:eth1',
      segment: 'office',
      address: [`10.64.${site}.1/24`, `fd00:${site}::1/64`],
    },
    {
      name: 'lan1',
      nic: 'netdev:eth1',
      vlan: 7,
      segment: 'office',
      address: [`10.65.${site}.1/24`],
      dhcp: { from: `10.65.${site}.9`, to: `10.65.${site}.19` },
    },
  ],
})

const fleet = [
  { ...network, topology: { kind: 'hubs', hubs: ['hub'] }, dns: { servers: ['9.9.9.9'] } },
  office,
  main,
  {
    kind: 'application',
    name: 'stock',
    order: 1,
    to: ['10.0.0.0/24'],
    protocol: 'tcp',
    ports: [443],
  },
  { kind: 'policy', name: 'voice', order: 1, for: { applications: ['stock'] }, prefer: ['wan0'] },
  {
    kind: 'rule',
    name: 'in',
    order: 1,
    action: 'allow',
    from: { segment: 'office' },
    to: { segment: 'office', prefix: '10.2.0.0/16' },
  },
  hubOf('hub', '192.0.1.2:51820', byHand(1) as never),
  siteOf('berlin', byHand(2) as never),
  siteOf('lisbon'),
] as unknown as FleetDocument[]
const boxes = ['hub', 'berlin', 'lisbon'].map(boxOf)

/** The value once for each of its strings, with that one in its place. */
function* withWord(value: unknown, word: string): Generator<unknown> {
  if (typeof value === 'string') yield word
  if (typeof value !== 'object' || value === null) return
  for (const [name, field] of Object.entries(value)) {
    for (const changed of withWord(field, word)) {
      yield Array.isArray(value) ? value.with(Number(name), changed) : { ...value, [name]: changed }
    }
  }
}

test('a wrong word is a problem, or no matter, and nothing else', () => {
  assert.deepEqual(planFleet(fleet, boxes, new Map()).problems, [])
  const codes = new Set<string>()
  let planned = 0
  for (const [at, document] of fleet.entries()) {
    for (const word of wrongWords) {
      for (const changed of withWord(document, word)) {
        const { document: read } = readFleetDocument(changed)
        if (read === null) continue
        const all = fleet.with(at, read)
        for (const { code } of planFleet(all, boxes, new Map()).problems) codes.add(code)
        fleetWarnings(all)
        planned++
      }
    }
  }
  assert.ok(planned > 100)
  for (const code of ['CONFIG_ADDRESS_INVALID', 'FLEET_POOL_INVALID', 'FLEET_REFERENCE']) {
    assert.ok(codes.has(code), code)
  }
})
