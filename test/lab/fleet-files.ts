/** A lab's description as an owner's documents: what device.yaml of each box says elsewhere is computed from them here. */
import type { FleetDocument, FleetSite } from '../../firmware/model/fleet.ts'
import type { LabDescription, SiteDescription } from './description.ts'
import { endpointsOf, hubOverlay, overlayPort, tenant, uplinksOfSite } from './site-files.ts'

export function fleetOf(description: LabDescription): FleetDocument[] {
  const { sites, segments, acl = [], policies = [], endpoints = [4], rekeySeconds } = description
  const hasHub = sites.some(({ isHub }) => isHub === true)
  const siteOf = (site: SiteDescription): FleetSite => {
    const { name, lans, wans, isHub = false } = site
    return {
      kind: 'site',
      name,
      ...(isHub ? { role: 'hub' as const } : {}),
      endpoints: isHub === hasHub ? endpointsOf(wans, endpoints, isHub) : [],
      uplinks: uplinksOfSite(site),
      lans: lans.map(({ nic, segment, address, v6 }, index) => ({
        name: `lan${index}`,
        nic: `netdev:${nic}`,
        segment,
        address: [address, ...(v6 === undefined ? [] : [v6.address])],
      })),
    }
  }
  const hub = hasHub ? { ports: hubOverlay.ports } : {}
  const overlay = {
    port: overlayPort,
    ...hub,
    ...(rekeySeconds === undefined ? {} : { rekeySeconds }),
  }
  return [
    { kind: 'network', name: 'lab', tenant, overlay },
    ...segments.map((one): FleetDocument => ({ kind: 'segment', ...one })),
    ...sites.map(siteOf),
    ...policies.map((one, order): FleetDocument => ({ kind: 'policy', order, ...one })),
    ...acl.map((one, order): FleetDocument => ({ kind: 'rule', order, ...one })),
  ]
}
