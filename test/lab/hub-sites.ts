/**
 * Hub and spoke with two hubs: three sites that have sessions with the hubs alone and reach each other through them. Every hub's
 * peers are the spokes, which have their prefixes, and the other hub, which carries for them.
 */
import type { Peer } from '../../firmware/model/device-config.ts'
import {
  describeLan,
  describeWan,
  type LabDescription,
  type LanDescription,
  type SiteDescription,
  uplinksOf,
} from './description.ts'

const segment = { name: 'office', vni: 100 }
const places = [
  ['hub1', 101, '198.18.1'],
  ['hub2', 102, '198.18.2'],
  ['berlin', 1, '198.51.100'],
  ['lisbon', 2, '203.0.113'],
  ['oslo', 3, '192.0.2'],
] as const

export const hubs = ['hub1', 'hub2'] as const

/** Over emulated links, 10 ms each way. */
export function describeHubs(): LabDescription {
  const way = { delayMs: 10 }
  const sites = places.map(([name, number, net]): SiteDescription => {
    const lan = describeLan(segment.name, 'host', 'eth0', `10.${number}.0`)
    const wan = { ...describeWan(name, net), emulated: { up: way, down: way } }
    return { name, lan, lans: [lan], ...uplinksOf([wan]), isHub: number > 100 }
  })
  return { hugepagesPerSite: 72, segments: [segment], isHubAndSpoke: true, sites }
}

/** Whom a site of such a lab has as a peer. */
export function isPeer(own: SiteDescription, other: SiteDescription): boolean {
  return own.isHub === true || other.isHub === true
}

/** What a site reaches by a peer: by a hub all sites but those that it has a session with itself, or, being a hub, all spokes. */
export function prefixesBy(
  own: SiteDescription,
  peer: SiteDescription,
  sites: readonly SiteDescription[],
  prefixesOf: (lan: LanDescription) => string[],
): Peer['segments'] {
  const behind =
    peer.isHub === true ? sites.filter((site) => site !== own && site.isHub !== true) : []
  const segments: Record<string, string[]> = {}
  for (const { segment: name, ...lan } of [peer, ...behind].flatMap(({ lans }) => lans)) {
    segments[name] = [...(segments[name] ?? []), ...prefixesOf({ segment: name, ...lan })]
  }
  return segments
}
