/**
 * Builds the namespaces and links of a lab: a box with two NICs and a LAN host for each site, and an internet
 * that routes between the uplinks and knows no LAN. The boxes' NICs come up bare, as real hardware would.
 */
import { run } from './command.ts'
import { bare, type LabDescription, type SiteDescription } from './description.ts'

/** Names on the machine of what the description names. */
export interface LabNames {
  readonly internet: string
  box(site: string): string
  host(site: string): string
  /** The namespace that the gateway makes for the NICs it takes. */
  nics(site: string): string
  instance(site: string): string
}

export function namesOf(id: string): LabNames {
  return {
    internet: `cw-internet-${id}`,
    box: (site) => `cw-${site}-${id}`,
    host: (site) => `cw-${site}-host-${id}`,
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
  const hostsAndBoxes = sites.flatMap(({ name }) => [names.box(name), names.host(name)])
  const namespaces = [names.internet, ...hostsAndBoxes]
  await ip(
    undefined,
    namespaces.map((name) => `netns add ${name}`),
  )
  signal.throwIfAborted()
  await Promise.all(namespaces.map(quieten))
  signal.throwIfAborted()
  await ip(
    undefined,
    sites.flatMap(({ name, lan, wan }) => [
      `link add ${lan.nic} netns ${names.box(name)} type veth peer name eth0 netns ${names.host(name)}`,
      `link add ${wan.nic} netns ${names.box(name)} type veth peer name ${name} netns ${names.internet}`,
    ]),
  )
  signal.throwIfAborted()
  const setUps = sites.flatMap((site) => [setUpBox(site, names), setUpHost(site, names)])
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

/** IPv6's own chatter (router solicitations, MLD) would only hide what a capture is to show. */
async function quieten(netns: string): Promise<void> {
  await setSysctls(netns, { 'ipv6/conf/all/disable_ipv6': 1, 'ipv6/conf/default/disable_ipv6': 1 })
}

async function setUpInternet(sites: readonly SiteDescription[], names: LabNames): Promise<void> {
  await setSysctls(names.internet, { 'ipv4/ip_forward': 1 })
  await ip(names.internet, [
    'link set lo up',
    ...sites.flatMap(({ name, wan }) => [
      `address add ${wan.gateway} dev ${name}`,
      `link set ${name} up`,
    ]),
  ])
}

async function setUpBox({ name, lan, wan }: SiteDescription, names: LabNames): Promise<void> {
  await ip(names.box(name), ['link set lo up', `link set ${lan.nic} up`, `link set ${wan.nic} up`])
}

async function setUpHost({ name, lan }: SiteDescription, names: LabNames): Promise<void> {
  await ip(names.host(name), [
    'link set lo up',
    `address add ${lan.host} dev eth0`,
    'link set eth0 up',
    `route add default via ${bare(lan.address)}`,
  ])
}
