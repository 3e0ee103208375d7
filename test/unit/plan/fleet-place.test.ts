/** Where a box stands: at the site whose document names it, else at the one that it was claimed for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FleetDocument, FleetSite } from '../../../firmware/model/fleet.ts'
import { type Box, planFleet } from '../../../firmware/plan/fleet.ts'
import { boxOf, deviceIdOf, main, network, office, siteOf } from './fleet-sample.ts'

function unnamed(name: string): FleetDocument {
  const { edge: _, ...site } = siteOf(name) as FleetSite
  return site
}

function claimed(box: string, site: string, claimedAt: string): Box {
  return { ...boxOf(box), site, claimedAt }
}

function placesOf(sites: readonly FleetDocument[], boxes: readonly Box[]) {
  const { sites: planned } = planFleet([network, main, office, ...sites], boxes, new Map())
  return Object.fromEntries(planned.map(({ site, deviceId }) => [site, deviceId]))
}

test('a site without a box in its document has the one that was claimed for it last', () => {
  const boxes = [
    claimed('b', 'berlin', '2026-11-02T00:00:00Z'),
    claimed('a', 'berlin', '2026-11-01T00:00:00Z'),
  ]
  assert.deepEqual(placesOf([unnamed('berlin'), unnamed('lisbon')], boxes), {
    berlin: deviceIdOf('b'),
    lisbon: null,
  })
})

test('what documents say comes first, and no box stands at two sites', () => {
  const sites = [siteOf('berlin', { edge: deviceIdOf('a') }), unnamed('lisbon')]
  const boxes = [claimed('a', 'lisbon', '2026-11-01T00:00:00Z')]
  assert.deepEqual(placesOf(sites, boxes), { berlin: deviceIdOf('a'), lisbon: null })
})

test('others are told the key of a box that was claimed', () => {
  const boxes = [
    claimed('a', 'berlin', '2026-11-01T00:00:00Z'),
    claimed('b', 'lisbon', '2026-11-01T00:00:00Z'),
  ]
  const all = [network, main, office, unnamed('berlin'), unnamed('lisbon')]
  const { sites, problems } = planFleet(all, boxes, new Map())
  assert.deepEqual(problems, [])
  const [berlin] = sites
  assert.equal(berlin?.config?.peers[0]?.name, 'lisbon')
  assert.equal(berlin?.config?.peers[0]?.wireKey, boxOf('b').wireKey)
})
