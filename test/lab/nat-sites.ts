/**
 * A hub with public addresses, and two branches, `left` and `right`, behind a NAT each or both behind one, or three. Branches
 * know no endpoint of each other: what they have of a way is the hub, and what they find out.
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
  /** A third branch, `third`, behind this. */
  readonly third?: AccessKind
  /** IPv6 everywhere, which routers let out, and in what was asked for. */
  readonly isV6?: boolean
}

interface Place {
  /** Of its LAN: 10.NUMBER.0.0/24. */
  readonly number: number
  /** The first three numbers of where it is in the Internet, and the fourth of the /29 of its router. */
  readonly net: string
  readonly first: number
}

const hubPlace: Place = { number: 1, net: '203.0.113', first: 0 }
const places = {
  left: { number: 2, net: '198.51.100', first: 0 },
  right: { number: 3, net: '192.0.2', first: 0 },
  third: { number: 4, net: '198.18.4', first: 0 },
} as const satisfies Readonly<Record<string, Place>>

/** The branches that `npm start -- --nat` shows, by what stands before them. */
export const shownBranches = {
  home: { kind: 'port-restricted', number: 2, net: '198.51.100', first: 0 },
  lte: { kind: 'carrier', number: 3, net: '198.51.100', first: 8 },
  hotel: { kind: 'symmetric', number: 4, net: '192.0.2', first: 0 },
  guest: { kind: 'port-443', number: 5, net: '192.0.2', first: 8 },
} as const satisfies Readonly<Record<string, Place & { readonly kind: AccessKind }>>

/** Where the internet has the uplinks of the branches, and their NATs. */
export const publicPrefixes = {
  left: '198.51.100.0/24',
  right: '192.0.2.0/24',
  third: '198.18.4.0/24',
} as const

/** Each branch behind what is named; the hub answers on ports 51820 and 443. */
export function describeNatSites(
  left: AccessKind | NatKind,
  right: AccessKind | NatKind,
  options: NatSitesOptions = {},
): LabDescription {
  const { nat = {}, link, hubUplinks = 1, isV6 = false, third, ...more } = options
  const branch = (name: keyof typeof places, kind: AccessKind | NatKind): SiteDescription => {
    const plain = behind(name, places[name], kind, nat)
    const wan = isV6 ? speaking6(plain, places[name].number) : plain
    return site(name, places[name].number, [{ ...wan, ...link?.(name) }])
  }
  const ofHub = (name: string): Partial<WanDescription> => ({
    ...(isV6 ? { v6: net6(hubPlace.number) } : {}),
    ...link?.(name),
  })
  const sites = [
    hub(hubUplinks, ofHub),
    branch('left', left),
    branch('right', right),
    ...(third === undefined ? [] : [branch('third', third)]),
  ]
  return { hugepagesPerSite: 72, segments: [segment], ...more, sites }
}

/** The branches alone, which have nothing but a controller to find each other by: each is a peer of the other without endpoints. */
export function describeNoHub(
  left: AccessKind | NatKind,
  right: AccessKind | NatKind,
  options: NatSitesOptions = {},
): LabDescription {
  const { sites, ...more } = describeNatSites(left, right, options)
  return { ...more, sites: sites.filter(({ isHub }) => isHub !== true) }
}

/** Both branches in one network behind one router, which is `left-nat`. */
export function describeSharedNat(
  kind: NatKind,
  options: Omit<NatSitesOptions, 'third'> = {},
): LabDescription {
  const { nat = {}, link, hubUplinks = 1, ...more } = options
  const shared = { ...nat, isShared: true }
  const left = behind('left', places.left, kind, shared)
  const right = {
    ...describeWan('right', places.right.net),
    address: left.address.replace(/\.2\/24$/, '.3/24'),
    gateway: left.gateway,
    nat: left.nat!,
    behind: left.link,
  }
  const sites = [
    hub(hubUplinks, link),
    site('left', places.left.number, [{ ...left, ...link?.('left') }]),
    site('right', places.right.number, [{ ...right, ...link?.('right') }]),
  ]
  return { hugepagesPerSite: 72, segments: [segment], ...more, sites }
}

/** A hub and `shownBranches`. */
export function describeNatShown(): LabDescription {
  const branches = Object.entries(shownBranches).map(([name, { kind, ...place }]) =>
    site(name, place.number, [behind(name, place, kind, {})]),
  )
  return { hugepagesPerSite: 72, segments: [segment], sites: [hub(1, undefined), ...branches] }
}

function hub(uplinks: number, link: NatSitesOptions['link']): SiteDescription {
  const wans = Array.from({ length: uplinks }, (_, number) => ({
    ...describeWan('hub', hubPlace.net, number),
    ...link?.('hub'),
  }))
  return { ...site('hub', hubPlace.number, wans), isHub: true }
}

function site(name: string, number: number, wans: readonly WanDescription[]): SiteDescription {
  const lan = describeLan(segment.name, 'host', 'eth0', `10.${number}.0`)
  return { name, lan, lans: [lan], ...uplinksOf(wans) }
}

/** The first NAT address of the link's /29 is .2, others for a move are .3 to .6. */
function behind(
  name: string,
  { number, net, first }: Place,
  kind: AccessKind | NatKind,
  nat: Partial<NatDescription>,
): WanDescription {
  const wan = describeWan(name, net)
  if (kind === 'none') return wan
  const isCarrier = kind === 'carrier'
  const carrier = { address: `100.64.${number}.2/24`, gateway: `100.64.${number}.1/24` }
  return {
    ...wan,
    address: `192.168.${number}.2/24`,
    gateway: `192.168.${number}.1/24`,
    nat: {
      address: `${net}.${first + 2}/29`,
      gateway: `${net}.${first + 1}/29`,
      kind: isCarrier ? 'port-restricted' : kind,
      ...(isCarrier ? { carrier } : {}),
      ...nat,
    },
  }
}

/** The box's address and its router's, or the internet's. */
function net6(number: number): NonNullable<WanDescription['v6']> {
  return { address: `2001:db8:${number}::2/64`, gateway: `2001:db8:${number}::1/64` }
}

function speaking6(wan: WanDescription, number: number): WanDescription {
  const v6 = net6(number)
  if (wan.nat === undefined) return { ...wan, v6 }
  const [prefix, outside] = [`2001:db8:${number}::/64`, `2001:db8:${number}:f`]
  const router = { prefix, address: `${outside}::2/64`, gateway: `${outside}::1/64` }
  return { ...wan, v6, nat: { ...wan.nat, v6: router } }
}
