/**
 * Builds the namespaces and links of a lab: a box with its NICs and the LAN hosts for each site, an internet that routes
 * between the uplinks and knows no LAN, and what lies between. The boxes' NICs come up bare, as real hardware would.
 */
import { accessLinks, type End, emulatedNics, lanPort } from './access.ts'
import { run } from './command.ts'
import { controllerAddress, controllerGateway } from './controller-place.ts'
import {
  bare,
  type Ipv6Router,
  type LabDescription,
  type LanDescription,
  type NatDescription,
  type SiteDescription,
  type WanDescription,
} from './description.ts'
import { type LabNames, namespacesOf } from './names.ts'
import {
  firewall6Rules,
  type Hop,
  hopsOf,
  natRules,
  natSettings,
  natSysctls,
  wallRules,
} from './nat-rules.ts'

/** Of both ends of an emulated link: that is never what limits. */
const emulatedMtu = 9216
const segmentation = ['tso', 'gso', 'tx-udp-segmentation'] as const

/** Makes everything. Between two steps it stops when `signal` is aborted; the caller removes the rest. */
export async function buildNetwork(
  { sites, controller }: LabDescription,
  names: LabNames,
  signal: AbortSignal,
): Promise<void> {
  const namespaces = namespacesOf(
    { sites, ...(controller === undefined ? {} : { controller }) },
    names,
  )
  const isV6 = sites.some(({ wan }) => wan.v6 !== undefined)
  await ip(
    undefined,
    namespaces.map((name) => `netns add ${name}`),
  )
  signal.throwIfAborted()
  await Promise.all(namespaces.map((name) => quieten(name, isV6 && name !== names.emulators)))
  signal.throwIfAborted()
  const access = sites.flatMap((site) =>
    site.wans.map((wan) => ({ wan, links: accessLinks(site, wan, names) })),
  )
  await ip(undefined, [
    ...sites.flatMap(({ name, lans }) =>
      lans.map(
        ({ nic, place }) =>
          `link add ${nic} netns ${names.box(name)} type veth peer name eth0 netns ${names.host(name, place)}`,
      ),
    ),
    ...access.flatMap(({ links }) => links.map(addLink)),
    ...(controller === undefined ? [] : [addLink(controllerLink(names))]),
  ])
  signal.throwIfAborted()
  const setUps = sites.flatMap((site) => [
    setUpBox(site, names),
    ...site.lans.map((lan) => setUpHost(names.host(site.name, lan.place), lan)),
    ...site.wans.map((wan) => setUpRouter(wan, sites, names)),
  ])
  const emulated = access.filter(({ wan }) => wan.emulated !== undefined)
  const ends = emulated.flatMap(({ links }) => links.flat())
  await Promise.all([
    setUpInternet(sites, names),
    ...(controller === undefined ? [] : [setUpController(names)]),
    setUpEmulators(
      emulated.map(({ wan }) => wan),
      names,
    ),
    ...ends.map(cutTrains),
    ...setUps,
  ])
}

/** Runs `ip` commands in one go; the first that fails ends it. */
export async function ip(netns: string | undefined, commands: readonly string[]): Promise<void> {
  const argv = ['ip', ...(netns === undefined ? [] : ['-n', netns]), '-batch', '-']
  await run(argv, { input: `${commands.join('\n')}\n` })
}

/** Sets sysctls below net/, such as `ipv4/ip_forward`, in one namespace. */
export async function setSysctls(
  netns: string,
  values: Readonly<Record<string, number>>,
): Promise<void> {
  const script = Object.entries(values)
    .map(([name, value]) => `echo ${value} >/proc/sys/net/${name}`)
    .join(' && ')
  await run(['sh', '-c', script], { netns })
}

function addLink([one, other]: readonly [End, End]): string {
  return `link add ${one.nic} netns ${one.netns} type veth peer name ${other.nic} netns ${other.netns}`
}

/**
 * IPv6's own chatter (router solicitations, MLD) would only hide what a capture is to show. Where a lab speaks it,
 * addresses are given, and good at once.
 */
async function quieten(netns: string, isV6: boolean): Promise<void> {
  const values = isV6 ? { accept_ra: 0, autoconf: 0, accept_dad: 0 } : { disable_ipv6: 1 }
  const both = Object.entries(values).flatMap(([name, value]) =>
    ['all', 'default'].map((scope) => [`ipv6/conf/${scope}/${name}`, value] as const),
  )
  await setSysctls(netns, Object.fromEntries(both))
}

async function setUpInternet(sites: readonly SiteDescription[], names: LabNames): Promise<void> {
  const wans = sites.flatMap((site) => site.wans)
  const own = wans.filter(({ behind }) => behind === undefined)
  await setSysctls(names.internet, { 'ipv4/ip_forward': 1, 'ipv6/conf/all/forwarding': 1 })
  await ip(names.internet, [
    'link set lo up',
    ...own.flatMap(({ link, mtu, gateway, v6, nat }) => [
      ...mtuOf(link, mtu),
      `address add ${nat?.gateway ?? gateway} dev ${link}`,
      `link set ${link} up`,
      ...internet6(link, v6, nat?.v6, nat === undefined),
    ]),
  ])
  const isolated = wans.filter(({ isPrivate }) => isPrivate === true).map(({ link }) => link)
  if (isolated.length > 0) await isolate(isolated, names.internet)
}

function controllerLink({ controller, internet }: LabNames): readonly [End, End] {
  return [
    { netns: controller, nic: 'eth0' },
    { netns: internet, nic: 'controller' },
  ]
}

async function setUpController(names: LabNames): Promise<void> {
  await ip(names.internet, [
    `address add ${controllerGateway}/30 dev controller`,
    'link set controller up',
  ])
  await ip(names.controller, [
    'link set lo up',
    `address add ${controllerAddress}/30 dev eth0`,
    'link set eth0 up',
    `route add default via ${controllerGateway}`,
  ])
}

/** The end of a link, of a router's its outer one, to which what is behind it is routed. */
function internet6(
  link: string,
  v6: WanDescription['v6'],
  router: Ipv6Router | undefined,
  isPlain: boolean,
): string[] {
  if (v6 !== undefined && isPlain) return [`address add ${v6.gateway} dev ${link} nodad`]
  if (router === undefined) return []
  const { prefix, address, gateway } = router
  return [
    `address add ${gateway} dev ${link} nodad`,
    `route add ${prefix} via ${bare(address)} dev ${link}`,
  ]
}

/** A private network that runs through the same namespace: nothing passes between it and the rest. */
async function isolate(links: readonly string[], netns: string): Promise<void> {
  const set = `{ ${links.join(', ')} }`
  await nft(netns, [
    'table inet isolation {',
    'chain drops { type filter hook forward priority filter;',
    `iifname ${set} oifname != ${set} drop`,
    `iifname != ${set} oifname ${set} drop`,
    '}',
    '}',
  ])
}

/** The NAT router of an uplink, and its carrier's. */
async function setUpRouter(
  wan: WanDescription,
  sites: readonly SiteDescription[],
  names: LabNames,
) {
  const { nat, link, mtu, behind } = wan
  if (nat === undefined || behind !== undefined) return
  const home = names.router(wan)
  if (nat.isShared === true) {
    const others = sites.flatMap(({ wans }) => wans).filter((other) => other.behind === link)
    const ports = [wan, ...others].map((port) => `link set ${lanPort(port)} master lan up`)
    await ip(home, ['link add lan type bridge forward_delay 0', ...ports])
  }
  const hops = hopsOf(wan)
  const netns = [home, names.carrier(wan)]
  await Promise.all(hops.map((hop, index) => setUpHop(netns[index]!, hop, mtu, nat)))
  if (wan.v6 !== undefined && nat.v6 !== undefined) await route6(home, wan.v6.gateway, nat.v6)
}

async function route6(netns: string, inner: string, { address, gateway }: Ipv6Router) {
  await setSysctls(netns, { 'ipv6/conf/all/forwarding': 1 })
  await ip(netns, [
    `address add ${inner} dev lan nodad`,
    `address add ${address} dev wan nodad`,
    `route add ::/0 via ${bare(gateway)} dev wan`,
  ])
  await nft(netns, [firewall6Rules])
}

async function setUpHop(
  netns: string,
  hop: Hop,
  mtu: number | undefined,
  nat: NatDescription,
): Promise<void> {
  const { inner, outer, gateway } = hop
  const settings = natSettings(nat, hop)
  await setSysctls(netns, natSysctls(settings))
  await ip(netns, [
    'link set lo up',
    ...mtuOf('lan', mtu),
    ...mtuOf('wan', mtu),
    `address add ${inner} dev lan`,
    `address add ${outer} dev wan`,
    'link set lan up',
    'link set wan up',
    `route add default via ${bare(gateway)}`,
  ])
  await nft(netns, [wallRules, natRules(settings)])
}

async function setUpEmulators(wans: readonly WanDescription[], names: LabNames): Promise<void> {
  if (wans.length === 0) return
  const nics = wans.flatMap((wan) => emulatedNics(wan))
  await ip(
    names.emulators,
    nics.map((nic) => `link set ${nic} mtu ${emulatedMtu} up`),
  )
}

/** veth hands over uncut what its sender could have left to a NIC: so no sender may. */
async function cutTrains({ netns, nic }: End): Promise<void> {
  const off = segmentation.flatMap((feature) => [feature, 'off'])
  await run(['ethtool', '-K', nic, ...off], { netns })
}

async function nft(netns: string, lines: readonly string[]): Promise<void> {
  await run(['nft', '-f', '-'], { netns, input: `${lines.join('\n')}\n` })
}

async function setUpBox({ name, lans, wans }: SiteDescription, names: LabNames): Promise<void> {
  const nics = [...lans, ...wans].map(({ nic }) => nic)
  await ip(names.box(name), [
    'link set lo up',
    ...wans.flatMap(({ nic, mtu }) => mtuOf(nic, mtu)),
    ...nics.map((nic) => `link set ${nic} up`),
  ])
}

function mtuOf(device: string, mtu: number | undefined): string[] {
  return mtu === undefined ? [] : [`link set ${device} mtu ${mtu}`]
}

async function setUpHost(netns: string, lan: LanDescription): Promise<void> {
  const { v6 } = lan
  await ip(netns, [
    'link set lo up',
    `address add ${lan.host} dev eth0`,
    'link set eth0 up',
    `route add default via ${bare(lan.address)}`,
    ...(v6 === undefined
      ? []
      : [
          `address add ${v6.host} dev eth0 nodad`,
          `route add ::/0 via ${bare(v6.address)} dev eth0`,
        ]),
  ])
}
