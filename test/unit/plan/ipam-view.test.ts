/** What people are shown of pools: who has what, what is kept, what comes next, and what overlaps. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipamText } from '../../../firmware/cli/ctl-ipam-text.ts'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { ipamOf } from '../../../firmware/plan/ipam-view.ts'
import { main, network, office, siteOf } from './fleet-sample.ts'

const byHand = (name: string, address: string): FleetDocument =>
  siteOf(name, {
    lans: [{ name: 'lan0', nic: 'netdev:eth1', segment: 'office', address: [address] }],
  })

test('networks of pools are those that were given, and what is gone is kept', () => {
  const allocations = new Map([
    ['vni/office', '4096'],
    ['lan/berlin/lan0/main', '10.0.0.0/24'],
    ['lan/oslo/lan0/main', '10.0.1.0/24'],
  ])
  const documents = [network, main, office, siteOf('berlin'), byHand('lisbon', '10.0.2.1/24')]
  const { pools, networks, vnis, overlaps } = ipamOf(documents, allocations)
  assert.deepEqual(pools, [
    {
      ...{ name: 'main', prefix: '10.0.0.0/12', bits: 24, segments: ['office'] },
      ...{ used: 1, kept: 1, byHand: 1, total: 4096, next: '10.0.3.0/24' },
    },
  ])
  assert.deepEqual(
    networks.map(({ site, prefix, pool, isGone }) => [site, prefix, pool, isGone]),
    [
      ['berlin', '10.0.0.0/24', 'main', false],
      ['lisbon', '10.0.2.0/24', null, false],
      ['oslo', '10.0.1.0/24', 'main', true],
    ],
  )
  assert.deepEqual(vnis, [{ segment: 'office', vni: 4096, isGiven: true }])
  assert.deepEqual(overlaps, [])
})

test('two sites with one network are told of, with what could stand for one of them', () => {
  const documents = [
    ...[network, main, office],
    ...[byHand('berlin', '192.168.1.1/24'), byHand('lisbon', '192.168.1.1/24')],
  ]
  const answer = ipamOf(documents, new Map())
  assert.deepEqual(answer.overlaps, [
    {
      ...{ prefix: '192.168.1.0/24', holder: "lisbon's lan0", other: "berlin's lan0" },
      ...{ otherPrefix: '192.168.1.0/24', free: '10.0.0.0/24' },
    },
  ])
  assert.match(
    ipamText(answer),
    /OVERLAP: lisbon's lan0 \(192\.168\.1\.0\/24\) and berlin's lan0 .* 10\.0\.0\.0\/24 is free\n$/,
  )
})

test('a pool that is full says so', () => {
  const pool: FleetDocument = { kind: 'pool', name: 'main', prefix: '10.0.0.0/31', bits: 31 }
  const { pools } = ipamOf([pool], new Map([['lan/berlin/lan0/main', '10.0.0.0/31']]))
  assert.deepEqual(
    pools.map(({ next, used, kept }) => [next, used, kept]),
    [[null, 0, 1]],
  )
  assert.match(ipamText({ pools, networks: [], vnis: [], overlaps: [] }), /full +1 kept for LANs/)
})
