/** The lab of no-leak, its traffic, and what happens to the box: each transition ends with everything as before. */
import { join } from 'node:path'
import { hostAddress } from '../../lab/hosts.ts'
import type { Lab } from '../../lab/lab.ts'
import { ip, setSysctls } from '../../lab/network.ts'
import { powerOff, powerOn } from '../../lab/power.ts'
import type { Program } from '../../lab/program.ts'
import { reconfigure } from '../../lab/reconfigure.ts'

/** The one that things happen to. */
export const site = 'berlin'
const peer = 'lisbon'
export const internet = { address4: '203.0.113.1' }
export const address6 = {
  internet: '2001:db8:1::1',
  box: '2001:db8:1::2/64',
  lan: 'fd00:1::1/64',
  host: 'fd00:1::10/64',
  peerHost: 'fd00:2::10',
}
const port = 9007
const folder = join(import.meta.dirname, '../../lab/traffic')

export type Transition = (lab: Lab, round: number) => Promise<void>

/** IPv6 for the site's host and the internet; the box's is in its configuration. */
export async function prepareIpv6(lab: Lab): Promise<void> {
  const host = lab.netns(`${site}-host`)
  for (const netns of [host, lab.netns('internet')]) {
    await setSysctls(netns, { 'ipv6/conf/all/disable_ipv6': 0 })
  }
  await setSysctls(lab.netns('internet'), { 'ipv6/conf/all/forwarding': 1 })
  await ip(lab.netns('internet'), [`address add ${address6.internet}/64 dev ${site} nodad`])
  await ip(host, [
    `address add ${address6.host} dev eth0 nodad`,
    `route add default via ${address6.lan.split('/')[0]}`,
  ])
}

/** Host and box send to what is the peer's. */
export async function startSources(lab: Lab): Promise<Program[]> {
  const start = (where: string, label: string): Program =>
    lab.spawn(where, [
      ...[process.execPath, join(folder, 'leak-source.ts'), label, String(port)],
      ...[hostAddress(lab, peer), address6.peerHost],
    ])
  const sources = [start(`${site}-host`, 'host'), start(site, 'box')]
  for (const source of sources) await source.line((line) => line.includes('"sending"'), 10_000)
  return sources
}

interface Change {
  readonly withoutPeer?: boolean
  readonly withoutPrefixes?: boolean
  readonly breakout?: boolean
  readonly lan?: string
  readonly uplink?: string
}

/** Gives the site its configuration, with a change. */
export async function writeConfig(lab: Lab, change: Change): Promise<void> {
  const { withoutPeer, withoutPrefixes, breakout = true, lan = 'lan0', uplink = 'wan0' } = change
  await reconfigure(lab, site, (config) => {
    const [wan] = config.uplinks
    const [inner] = config.lans
    const peers = saved.get(lab.id) ?? config.peers
    saved.set(lab.id, peers)
    const segments = { office: withoutPrefixes ? [] : ['10.2.0.0/24', 'fd00:2::/64'] }
    const outer = { name: uplink, address: [wan.address[0], address6.box] }
    return {
      ...config,
      segments: [{ ...config.segments[0], breakout }],
      uplinks: [{ ...wan, ...outer, gateway6: address6.internet }],
      lans: [{ ...inner, name: lan, address: [inner.address[0], address6.lan] }],
      peers: withoutPeer ? [] : [{ ...peers[0], segments }],
    }
  })
}

/** The peers as the lab wrote them, by its id: they are taken away and come back. */
const saved = new Map<string, readonly object[]>()

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
/** So long a state lasts: some packets of each source and family. */
const stateMs = 400

/** What happens, in an order that leaves the sessions to be made anew as seldom as can be. */
export const transitions: Readonly<Record<string, Transition>> = {
  'gateway dead': async (lab) => {
    await lab.processes.get(site)!.gateway.stop('SIGKILL')
    await pause(stateMs)
    await lab.restart(site, 'gateway')
  },
  'datapath dead': async (lab) => {
    await lab.processes.get(site)!.datapath.stop('SIGKILL')
    await pause(stateMs)
    await lab.restart(site, 'datapath')
  },
  'both dead': async (lab) => {
    const { gateway, datapath } = lab.processes.get(site)!
    await Promise.all([gateway.stop('SIGKILL'), datapath.stop('SIGKILL')])
    await pause(stateMs)
    await Promise.all([lab.restart(site, 'gateway'), lab.restart(site, 'datapath')])
  },
  'peer down': async (lab) => {
    // The datapath is new, so that no session lives that it could still seal with.
    await ip(lab.netns('internet'), [`link set ${peer} down`])
    await lab.processes.get(site)!.datapath.stop('SIGKILL')
    await lab.restart(site, 'datapath')
    await pause(stateMs)
    await ip(lab.netns('internet'), [`link set ${peer} up`])
  },
  'route withdrawn': async (lab, round) => {
    await writeConfig(lab, round % 2 === 0 ? { withoutPeer: true } : { withoutPrefixes: true })
    await pause(stateMs)
    await writeConfig(lab, {})
  },
  'configuration switched': async (lab, round) => {
    const other = [{ lan: 'inner0' }, { uplink: 'outer0' }, { breakout: false }]
    await writeConfig(lab, other[round % other.length]!)
    await writeConfig(lab, {})
  },
  shutdown: async (lab, round) => {
    const { gateway, datapath } = lab.processes.get(site)!
    const inTurn = round % 2 === 0 ? [gateway, datapath] : [datapath, gateway]
    for (const program of inTurn) await program.stop('SIGTERM')
    await pause(stateMs)
    await Promise.all([lab.restart(site, 'datapath'), lab.restart(site, 'gateway')])
  },
  boot: async (lab) => {
    await powerOff(lab, site)
    await pause(stateMs)
    await powerOn(lab, site)
  },
}

/** What a box without its guards would do, to show that it is seen. */
export const clearPath: Readonly<Record<string, Transition>> = {
  'clear-box': async (lab) => {
    await disarm(lab)
    await pause(2 * stateMs)
  },
  'clear-host': async (lab) => {
    await writeConfig(lab, { withoutPeer: true })
    await disarm(lab)
    await pause(2 * stateMs)
    await writeConfig(lab, {})
  },
}

async function disarm(lab: Lab): Promise<void> {
  await lab.exec(site, ['nft', 'flush', 'ruleset'])
  for (const family of ['-4', '-6']) {
    const prefix = family === '-4' ? '10.2.0.0/24' : 'fd00:2::/64'
    const kinds = [['unreachable'], []]
    for (const kind of kinds) {
      await lab.attempt(site, ['ip', family, 'route', 'del', ...kind, prefix, 'proto', '203'])
    }
  }
}
