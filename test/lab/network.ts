/**
 * Builds the namespaces and links of a lab: a box with two NICs and a LAN host for each site, and an internet
 * that routes between the uplinks and knows no LAN. The boxes' NICs come up bare, as real hardware would.
 */
import { run } from './command.ts'
import {
  bare,
  type LabDescription,
  type LanDescription,
  type SiteDescription,
} from './description.ts'

/** Names on the machine of what the description names. */
export interface LabNames {
  readonly internet: string
  box(site: string): string
  /** That of a host, by the place of its LAN. */
  host(site: string, place?: string): string
  /** The namespace that the gateway makes for the NICs it takes. */
  nics(site: string): string
  instance(site: string): string
}

export function namesOf(id: string): LabNames {
  return {
    internet: `cw-internet-${id}`,
    box: (site) => `cw-${site}-${id}`,
    host: (site, place = 'host') => `cw-${site}-${place}-${id}`,
    nics: (site) => `causeway-${site}-${id}`,
    instance: (site) => `${site}-${id}`,
  }
}

/** Makes everything. Between two steps it stops when `signal` is aborted; the caller removes the rest. */
export async function buildNetwork(
  { sites }: LabDescription,
  names: LabNames,
  signal: AbortSignal,
): Promise<void> {
  const ofSites = sites.flatMap((site) => [names.box(site.name), ...hostsOf(site, names)])
  const namespaces = [names.internet, ...ofSites]
  const isV6 = sites.some(({ wan }) => wan.v6 !== undefined)
  await ip(
    undefined,
    namespaces.map((name) => `netns add ${name}`),
  )
  signal.throwIfAborted()
  await Promise.all(namespaces.map((name) => quieten(name, isV6)))
  signal.throwIfAborted()
  await ip(
    undefined,
    sites.flatMap(({ name, lans, wan }) => [
      ...lans.map(
        ({ nic, place }) =>
          `link add ${nic} netns ${names.box(name)} type veth peer name eth0 netns ${names.host(name, place)}`,
      ),
      `link add ${wan.nic} netns ${names.box(name)} type veth peer name ${name} netns ${names.internet}`,
    ]),
  )
  signal.throwIfAborted()
  const setUps = sites.flatMap((site) => [
    setUpBox(site, names),
    ...site.lans.map((lan) => setUpHost(names.host(site.name, lan.place), lan)),
  ])
  await Promise.all([setUpInternet(sites, names), ...setUps])
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

/** Names of the namespaces of a site's hosts. */
export function hostsOf({ name, lans }: SiteDescription, names: LabNames): string[] {
  return lans.map(({ place }) => names.host(name, place))
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
  await setSysctls(names.internet, { 'ipv4/ip_forward': 1, 'ipv6/conf/all/forwarding': 1 })
  await ip(names.internet, [
    'link set lo up',
    ...sites.flatMap(({ name, wan }) => [
      ...mtuOf(name, wan.mtu),
      `address add ${wan.gateway} dev ${name}`,
      `link set ${name} up`,
      ...(wan.v6 === undefined ? [] : [`address add ${wan.v6.gateway} dev ${name} nodad`]),
    ]),
  ])
}

async function setUpBox({ name, lans, wan }: SiteDescription, names: LabNames): Promise<void> {
  const nics = [...lans, wan].map(({ nic }) => nic)
  await ip(names.box(name), [
    'link set lo up',
    ...mtuOf(wan.nic, wan.mtu),
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
