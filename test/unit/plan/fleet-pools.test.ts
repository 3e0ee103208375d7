/** Pools that overlap are refused: what they gave stays, they give nothing new, and of each site that is said once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { planFleet } from '../../../firmware/plan/fleet.ts'
import { boxOf, main, network, office, siteOf } from './fleet-sample.ts'

const lan = (name: string) => ({ name, nic: `netdev:eth-${name}`, segment: 'office' })
const lans = ['lan0', 'lan1', 'lan2'].map(lan)
const sites = [
  siteOf('berlin', { lans: [lan('lan0')] }),
  siteOf('cork', { lans }),
  siteOf('delft', { lans }),
]
const boxes = ['berlin', 'cork', 'delft'].map(boxOf)
const documents = [network, main, office, ...sites]
const other = { ...main, name: 'other', prefix: '10.0.0.0/8' } as FleetDocument
const given = new Map([
  ['vni/office', '4096'],
  ['lan/berlin/lan0/main', '10.0.7.0/24'],
])

test('pools that overlap give nothing new, which is said once of each site; what they gave stays', () => {
  const { allocations, problems, sites } = planFleet([...documents, other], boxes, given)
  assert.deepEqual(allocations, [])
  assert.deepEqual(
    problems.map(({ code, document, path }) => [code, document, path]),
    [
      ['FLEET_OVERLAP', 'pool/other', '/prefix'],
      ['FLEET_OVERLAP', 'site/cork', '/lans/0'],
      ['FLEET_OVERLAP', 'site/delft', '/lans/0'],
    ],
  )
  assert.deepEqual(
    sites.map(({ config }) => config?.lans.map(({ address }) => address) ?? null),
    [[['10.0.7.1/24']], null, null],
  )
})

test('once they do not overlap any more each LAN has its own', () => {
  const apart = { ...other, prefix: '10.128.0.0/9' } as FleetDocument
  const { allocations, problems } = planFleet([...documents, apart], boxes, given)
  assert.deepEqual(problems, [])
  assert.equal(allocations.length, 6)
})
