/** Planned after another plan of the same fleet, whatever was changed between them, a fleet comes out as if there had been none before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkForm } from '../../../firmware/model/device-config-check.ts'
import { partsOf } from '../../../firmware/model/device-config-parts.ts'
import { checkRules } from '../../../firmware/model/device-config-rules.ts'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { type Box, type FleetPlanner, planFleetLater } from '../../../firmware/plan/fleet.ts'
import { nameOf } from '../../../firmware/plan/fleet-documents.ts'
import { boxOf, hubOf, main, network, office, siteOf } from './fleet-sample.ts'

const sites = ['athens', 'berlin', 'cork', 'delft'] as const
const uplink = (name: string) => ({ name, nic: 'netdev:eth0', address: 'dhcp' as const })

/** What may be there in place of what is there under its name; broken ones too. */
const documents: readonly FleetDocument[] = [
  network,
  { ...network, topology: { kind: 'hubs' } },
  { ...network, topology: { kind: 'hubs', hubs: ['hub-2', 'hub-1'] } },
  { ...network, dns: { domain: 'acme.example' } },
  main,
  { ...main, bits: 26 },
  office,
  { ...office, breakout: false },
  { kind: 'segment', name: 'tills' },
  ...[10, 20].map(
    (voice): FleetDocument => ({
      ...{ kind: 'profile', name: 'calls', voice },
      ...{ business: 3, normal: 2, bulk: 1 },
    }),
  ),
  hubOf('hub-1', '198.51.100.1:51820'),
  hubOf('hub-2', '198.51.100.2:51820'),
  hubOf('hub-2', '198.51.100.3:51820'),
  ...sites.flatMap((name) => [
    siteOf(name),
    siteOf(name, { labels: { kind: 'shop' } }),
    siteOf(name, { uplinks: [uplink('wan0'), { ...uplink('lte0'), nic: 'netdev:wwan0' }] }),
    siteOf(name, { uplinks: [uplink('lo')] }),
    siteOf(name, { uplinks: [{ ...uplink('wan0'), up: '1M', profile: 'calls' }], limit: '5M' }),
    siteOf(name, {
      lans: [{ name: 'lan0', nic: 'netdev:eth1', segment: 'tills', address: ['10.99.0.1/24'] }],
    }),
  ]),
  ...[100, 120].map(
    (latencyMs): FleetDocument => ({
      ...{ kind: 'policy', name: 'voice', order: 1, latencyMs },
      for: { applications: ['sip'], segments: ['office'] },
    }),
  ),
  { kind: 'policy', name: 'bulk', order: 2, sites: { kind: 'shop' }, for: { dscp: ['cs1'] } },
  { kind: 'policy', name: 'bulk', order: 0, for: { applications: ['nonsense'] } },
  { kind: 'policy', name: 'cheap', order: 3, for: { dscp: ['cs2'] }, prefer: ['lte0'] },
  { kind: 'application', name: 'stock', order: 1, protocol: 'tcp', to: ['2001:db8:0::/48'] },
  { kind: 'application', name: 'stock', order: 1, protocol: 'tcp', to: ['10.0.0.1/24'] },
  ...['10.0.1.0/24', '10.0.1.7/24', '10.99.0.0/24', 'nonsense'].map(
    (prefix): FleetDocument => ({
      ...{ kind: 'rule', name: 'inner', order: 1, action: 'deny' },
      ...{ from: { segment: 'office', prefix }, to: { segment: 'office' } },
    }),
  ),
] as readonly FleetDocument[]

type Step =
  | { readonly put: number }
  | { readonly remove: number }
  /** A box is claimed, or gone, or has another key. */
  | { readonly box: string; readonly as: 'new' | 'gone' | 'other' }
  /** What was given out is written down. */
  | { readonly keep: true }
  /** So many sites are planned before the next change. */
  | { readonly plan: number }

const index = fc.nat(documents.length - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: index.map((put) => ({ put })) },
  { weight: 2, arbitrary: index.map((remove) => ({ remove })) },
  {
    weight: 2,
    arbitrary: fc.record({
      box: fc.constantFrom(...sites, 'hub-1', 'hub-2'),
      as: fc.constantFrom('new', 'gone', 'other'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ keep: true as const }) },
  { weight: 2, arbitrary: fc.nat(6).map((plan) => ({ plan })) },
)

class Fleet {
  readonly documents = new Map<string, FleetDocument>(
    [network, main, office, ...sites.map((name) => siteOf(name))].map((one) => [nameOf(one), one]),
  )
  boxes: Box[] = [...sites, 'hub-1', 'hub-2'].map(boxOf)
  allocations = new Map<string, string>()
  before: FleetPlanner | null = null

  take(step: Step): void {
    if ('put' in step) {
      // A copy, as what comes from a store is.
      const document = structuredClone(documents[step.put]!)
      this.documents.set(nameOf(document), document)
    } else if ('remove' in step) this.documents.delete(nameOf(documents[step.remove]!))
    else if ('box' in step) this.#claim(step.box, step.as)
    else if ('keep' in step) {
      const given = this.plan().allocations.map(({ name, value }) => [name, value] as const)
      this.allocations = new Map([...this.allocations, ...given])
    } else {
      const planner = this.plan()
      for (const site of planner.sites.slice(0, step.plan)) planner.planSite(site)
      this.before = planner
    }
  }

  plan(before: FleetPlanner | null = this.before): FleetPlanner {
    return planFleetLater([...this.documents.values()], this.boxes, this.allocations, before)
  }

  #claim(name: string, as: 'new' | 'gone' | 'other'): void {
    const { deviceId, wireKey } = boxOf(name)
    this.boxes = this.boxes.filter((box) => box.deviceId !== deviceId)
    if (as === 'new') this.boxes.push({ deviceId, wireKey })
    if (as === 'other') this.boxes.push({ deviceId, wireKey: boxOf(`other ${name}`).wireKey })
  }
}

/** As the door of a box has it. */
function isSound(planner: FleetPlanner): boolean {
  return planner.sites.every((site) => {
    const { config } = planner.planSite(site)
    if (config === null) return true
    return checkForm(config).length === 0 && checkRules(partsOf(config)).length === 0
  })
}

function all(planner: FleetPlanner): unknown {
  const { problems, allocations } = planner
  return { problems, allocations, sites: planner.sites.map((site) => planner.planSite(site)) }
}

test('what comes out is what comes out without a plan before, and what a box takes', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 24 }), (steps) => {
      const fleet = new Fleet()
      for (const one of steps) {
        fleet.take(one)
        const again = fleet.plan()
        assert.deepEqual(all(again), all(fleet.plan(null)))
        assert.ok(isSound(again))
        if (!('plan' in one)) fleet.before = again
      }
    }),
    { numRuns: 150 },
  )
})

test('of a site that a change leaves as it was, the very same plan comes again', () => {
  const fleet = new Fleet()
  const labelled = documents.findIndex((one) => one.kind === 'site' && 'labels' in one)
  fleet.take({ put: labelled })
  fleet.take({ plan: 6 })
  const before = fleet.before!
  fleet.take({ put: documents.findIndex(({ name }) => name === 'bulk') })
  const after = fleet.plan()
  const same = after.sites.map((site) => after.planSite(site) === before.planSite(site))
  assert.deepEqual(same, [false, true, true, true])
})

test('of sites that are gone nothing is kept for the next plan', () => {
  let planner: FleetPlanner | null = null
  for (const round of [1, 2, 3]) {
    const own = sites.slice(0, 2).map((name) => siteOf(`${name}-${round}`))
    const boxes = own.map(({ name }) => boxOf(name))
    planner = planFleetLater([network, main, office, ...own], boxes, new Map(), planner)
    for (const site of planner.sites) planner.planSite(site)
  }
  assert.deepEqual([...planner!.kept!.works.keys()], ['athens-3', 'berlin-3'])
})
