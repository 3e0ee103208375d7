/**
 * A hub with public addresses, and two branches, `left` and `right`, behind a NAT each or both behind one. Branches know no
 * endpoint of each other: what they have of a way is the hub, and what they find out.
 */
import {
  describeLan,
  describeWan,
  type LabDescription,
  type NatDescription,
  type SiteDescription,
  uplinksOf,
  type WanDescription,
} from './description.ts'
import type { AccessKind, NatKind } from './nat-kind.ts'

const segment = { name: 'office', vni: 100 }

export interface NatSitesOptions extends Partial<Omit<LabDescription, 'sites'>> {
  /** Changes to the NATs, such as `{ timeoutSeconds: 30 }`. */
  readonly nat?: Partial<NatDescription>
  /** Changes to a site's uplink, such as `{ emulated: {} }` or `{ more: { metered: true } }`. */
  readonly link?: (site: string) => Partial<WanDescription>
  /** The hub's, each with an address: 1 unless told. */
  readonly hubUplinks?: number
}

type Site = 'left' | 'right'
const nets: Readonly<Record<Site | 'hub', readonly [site: number, wan: string]>> = {
  hub: [1, '203.0.113'],
  left: [2, '198.51.100'],
  right: [3, '192.0.2'],
}

/** Where the internet has the uplinks of the branches, and their NATs. */
export const publicPrefixes = { left: '198.51.100.0/24', right: '192.0.2.0/24' } as const

/** Each branch behind what is named; the hub answers on ports 51820 and 443. */
export function describeNatSites(
  left: AccessKind,
  right: AccessKind,
  options: NatSitesOptions = {},
): LabDescription {
  const { nat = {}, link, hubUplinks = 1, ...more } = options
  const branch = (name: Site, kind: AccessKind): SiteDescription => {
    const wan = { ...behind(describeWan(name, nets[name][1]), kind, nets[name][0], nat) }
    return site(name, [{ ...wan, ...link?.(name) }])
  }
  const sites = [hub(hubUplinks, link), branch('left', left), branch('right', right)]
  return { hugepagesPerSite: 72, segments: [segment], ...more, sites }
}

/** Both branches in one network behind one router, which is `left-nat`. */
export function describeSharedNat(kind: NatKind, options: NatSitesOptions = {}): LabDescription {
  const { nat = {}, link, hubUplinks = 1, ...more } = options
  const shared = { ...nat, isShared: true }
  const left = behind(describeWan('left', nets.left[1]), kind, nets.left[0], shared)
  const right = {
    ...describeWan('right', nets.right[1]),
    address: left.address.replace(/\.2\/24$/, '.3/24'),
    gateway: left.gateway,
    nat: left.nat!,
    behind: left.link,
  }
  const sites = [
    hub(hubUplinks, link),
    site('left', [{ ...left, ...link?.('left') }]),
    site('right', [{ ...right, ...link?.('right') }]),
  ]
  return { hugepagesPerSite: 72, segments: [segment], ...more, sites }
}

function hub(uplinks: number, link: NatSitesOptions['link']): SiteDescription {
  const wans = Array.from({ length: uplinks }, (_, number) => ({
    ...describeWan('hub', nets.hub[1], number),
    ...link?.('hub'),
  }))
  return { ...site('hub', wans), isHub: true }
}

function site(name: Site | 'hub', wans: readonly WanDescription[]): SiteDescription {
  const lan = describeLan(segment.name, 'host', 'eth0', `10.${nets[name][0]}.0`)
  return { name, lan, lans: [lan], ...uplinksOf(wans) }
}

/** The first NAT address of the link's /29 is .2, others for a move are .3 to .6. */
function behind(
  wan: WanDescription,
  kind: AccessKind,
  number: number,
  nat: Partial<NatDescription>,
): WanDescription {
  if (kind === 'none') return wan
  const net = nets[wan.link as Site][1]
  const isCarrier = kind === 'carrier'
  const carrier = { address: `100.64.${number}.2/24`, gateway: `100.64.${number}.1/24` }
  return {
    ...wan,
    address: `192.168.${number}.2/24`,
    gateway: `192.168.${number}.1/24`,
    nat: {
      address: `${net}.2/29`,
      gateway: `${net}.1/29`,
      kind: isCarrier ? 'port-restricted' : kind,
      ...(isCarrier ? { carrier } : {}),
      ...nat,
    },
  }
}
