/**
 * The faults of the line `explain`: what each does to the lab, of which flow is asked then, at which site, and what the answer
 * must say besides the cause. Berlin, Lisbon and Oslo have two uplinks each, of which the second is of a private network.
 */
import type { Cause } from '../../../firmware/model/explain-cause.ts'
import type { ExplainAnswer, ExplainRequest } from '../../../firmware/model/local-api-explain.ts'
import { describeManyLinks } from '../../lab/description.ts'
import { plantDrop } from '../../lab/faults.ts'
import { hostAddress, startNode } from '../../lab/hosts.ts'
import type { Lab } from '../../lab/lab.ts'
import { startPace } from '../../lab/pace.ts'
import { openDatapath } from '../../lab/paths.ts'
import type { Program } from '../../lab/program.ts'
import { type AnyConfig, reconfigure } from '../../lab/reconfigure.ts'
import { geneve } from '../../vector/sealed.ts'
import { forge, udpPacket } from '../whole/forged-parts.ts'

export interface Scene {
  readonly name: string
  readonly cause: Cause
  readonly site: 'berlin' | 'lisbon'
  readonly flow: ExplainRequest
  /** What an answer that is right about it says, too. */
  readonly tells: (answer: ExplainAnswer) => boolean
  /** The traffic that the fault befalls. */
  readonly ready?: () => Promise<void>
  /** The fault: it begins with the call, or at the number that comes of it, by performance.now(). */
  readonly inject: () => Promise<unknown>
  /** Takes it back, where it would disturb the others. */
  readonly mend?: () => Promise<void>
}

const rekeySeconds = 4
const expiryMs = 20_000
const lookMs = 50
const startMs = 10_000
const ports = { pinned: 9_300, strict: 9_301 }
const streamPps = 100
const limitMs = 60
const slowMs = 80
const office = 100
const cameras = 200
const forged = { from: '10.66.0.5', to: '10.1.0.10', fromPort: 40_000, toPort: 9_100 }
const places = 16

export function describeScenes() {
  return describeManyLinks({
    uplinks: 2,
    sites: 3,
    seed: 12,
    rekeySeconds,
    segments: [
      { name: 'office', vni: office },
      { name: 'cameras', vni: cameras },
    ],
    policies: [
      { name: 'strict', for: { dscp: ['ef'] }, latencyMs: limitMs, otherwise: 'drop' },
      { name: 'pinned', for: { dscp: ['cs5'] }, kinds: ['private'] },
    ],
    datapathOptions: { lisbon: ['--flows', String(places)] },
    link: (site, number) => ({
      ...(number === 1 ? { more: { kind: 'private' } } : {}),
      // Where its carrier is to be lost, no emulator keeps it.
      ...(site === 'berlin' && number === 1 ? { emulated: undefined } : {}),
    }),
  })
}

/** Before the faults: a prefix of Lisbon's that nobody misses. */
export function prepare(config: AnyConfig): void {
  config.peers.find(({ name }: { name: string }) => name === 'lisbon').segments.office.push(spare)
}

const spare = '10.22.0.0/24'

/** The first packet that is its own: its session counts from then on. */
export function greet(forger: Program): Promise<void> {
  return forge(forger, [frame(office, forged.from)], 1, 100)
}

/** Those that come one after the other. @param forger a peer that cheats, in session with Berlin */
export function scenesOf(lab: Lab, forger: Program): readonly Scene[] {
  const [berlin, lisbon] = ['berlin', 'lisbon'].map((site) => hostAddress(lab, site))
  const at = { site: 'berlin', from: berlin! } as const
  return [
    // Its session lasts for some seconds only: nobody answers there.
    {
      ...{ name: 'replay', cause: 'replay', site: 'berlin' },
      flow: { ...forged, protocol: 'udp' },
      tells: ({ peer }) => peer?.name === 'mallory',
      inject: () => forge(forger, [frame(office, forged.from)], 1, 100, 2),
    },
    {
      ...{ name: 'foreign VNI', cause: 'foreign-vni', site: 'berlin' },
      flow: { ...forged, from: '10.66.0.6', protocol: 'udp' },
      tells: (answer) => sum(answer, 'inner_segment') > 0,
      inject: () => forge(forger, [frame(cameras, '10.66.0.6')], 1, 100),
    },
    {
      ...{ name: 'MTU', cause: 'too-big', site: 'berlin' },
      flow: { from: berlin!, to: lisbon!, protocol: 'icmp' },
      tells: ({ sentence, mtuBytes }) => sentence.includes(`${mtuBytes} bytes`),
      // Who is told what fits, would not go on.
      ready: () => plantDrop(lab, 'berlin-host', 'input', 'icmp type destination-unreachable'),
      inject: async () => {
        ping(lab, lisbon!, '-M', 'do', '-s', '1472')
      },
    },
    {
      ...{ name: 'neighbour missing', cause: 'neighbour-missing', site: 'lisbon' },
      flow: { from: berlin!, to: '10.2.0.77' },
      tells: ({ route }) => route.nextHop === '10.2.0.77' && route.link === 'lan0',
      inject: async () => ping(lab, '10.2.0.77'),
    },
    {
      ...{ name: 'dead uplink', cause: 'uplink-dead', site: 'berlin' },
      flow: { from: berlin!, to: lisbon!, toPort: ports.pinned, protocol: 'udp', dscp: 'cs5' },
      tells: ({ sentence }) => sentence.includes('uplink wan1 has no carrier'),
      ready: () => stream(lab, ports.pinned, 40),
      inject: async () => {
        await lab.exec('internet', ['ip', 'link', 'set', 'dev', 'berlin1', 'down'])
      },
      mend: async () => {
        await lab.exec('internet', ['ip', 'link', 'set', 'dev', 'berlin1', 'up'])
      },
    },
    {
      ...{ name: 'strict policy unmet', cause: 'policy-unmet', site: 'berlin' },
      flow: { from: berlin!, to: lisbon!, toPort: ports.strict, protocol: 'udp', dscp: 'ef' },
      tells: ({ sentence }) => sentence.includes('is above the 60 ms of policy strict'),
      ready: () => stream(lab, ports.strict, 46),
      inject: async () => {
        const links = ['wan0', 'wan1'].map((name) => lab.wan('lisbon', name))
        await Promise.all(links.map((wan) => wan.set('both', { delayMs: slowMs })))
      },
      mend: async () => {
        const links = ['wan0', 'wan1'].map((name) => lab.wan('lisbon', name))
        await Promise.all(links.map((wan) => wan.clear('both')))
      },
    },
    {
      ...{ name: 'flow table full', cause: 'flow-table-full', site: 'lisbon' },
      flow: { from: lisbon!, to: berlin!, toPort: 9_700, protocol: 'udp' },
      tells: ({ place }) => place === 'no-room',
      inject: async () => {
        const flood = [berlin!, 9_500, places * 4, 500, 1_000_000, 64]
        const source = startNode(lab, 'lisbon', 'udp-source.ts', flood)
        await source.line((line) => line.includes('"sending"'), startMs)
        return performance.now()
      },
    },
    ...configured(lab, at.from),
  ]
}

/** By changes of Berlin's configuration, one for each. */
function configured(lab: Lab, from: string): readonly Scene[] {
  const at = { site: 'berlin' } as const
  const [denied, gone, nomad] = ['10.2.0.12', '10.22.0.1', '10.88.0.1']
  const by = (
    to: string,
    change: (config: AnyConfig) => void,
  ): Pick<Scene, 'ready' | 'inject'> => ({
    ready: async () => ping(lab, to),
    inject: () => reconfigure(lab, 'berlin', change),
  })
  return [
    {
      ...{ ...at, name: 'ACL denial', cause: 'acl-denied' },
      flow: { from, to: denied, protocol: 'icmp' },
      tells: (answer) => answer.rule?.name === 'hush' && sum(answer, 'acl') > 0,
      ...by(denied, deny),
    },
    {
      ...{ ...at, name: 'no route', cause: 'no-route' },
      flow: { from, to: gone },
      tells: ({ route }) => route.prefix === null,
      ...by(gone, forgetSpare),
    },
    {
      ...{ ...at, name: 'relay absent', cause: 'relay-absent' },
      flow: { from, to: nomad },
      tells: ({ peer }) => peer?.name === 'nomad',
      ...by(nomad, addNomad),
    },
  ]
}

function deny(config: AnyConfig): void {
  config.acl = [
    {
      name: 'hush',
      action: 'deny',
      from: { segment: 'office' },
      to: { segment: 'office', prefix: '10.2.0.12/32' },
    },
  ]
}

function forgetSpare(config: AnyConfig): void {
  const lisbon = config.peers.find(({ name }: { name: string }) => name === 'lisbon')
  lisbon.segments.office = lisbon.segments.office.filter((prefix: string) => prefix !== spare)
}

function addNomad(config: AnyConfig): void {
  config.peers.push({
    name: 'nomad',
    wireKey: Buffer.alloc(32, 9).fill(0, 31).toString('base64'),
    endpoints: [],
    segments: { office: ['10.88.0.0/24'] },
  })
}

/** Of Oslo, one after the other: its box stops, and then nobody renews the keys. */
export function osloScenes(lab: Lab): readonly [Scene, Scene] {
  const flow = { from: hostAddress(lab, 'berlin'), to: hostAddress(lab, 'oslo') }
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    const { datapath, gateway } = lab.processes.get('oslo')!
    for (const program of [datapath, gateway]) program.signal(name)
  }
  return [
    {
      ...{ name: 'peer down', cause: 'peer-down', site: 'berlin', flow },
      tells: ({ peer }) => peer?.name === 'oslo' && peer.hasSession,
      inject: async () => signal('SIGSTOP'),
    },
    {
      ...{ name: 'session expired', cause: 'session-expired', site: 'berlin', flow },
      tells: ({ peer }) => peer?.name === 'oslo' && !peer.hasSession,
      inject: () => keysOver(lab, 'oslo'),
      mend: async () => signal('SIGCONT'),
    },
  ]
}

/** Waits until Berlin has no key of the peer's any more. @returns since when, within a look */
async function keysOver(lab: Lab, peer: string): Promise<number> {
  await using datapath = await openDatapath(lab, 'berlin')
  const deadlineMs = performance.now() + expiryMs
  let lookedMs = performance.now()
  while ((await datapath.keypairs()).some((one) => one.peer === peer && one.state === 'current')) {
    if (performance.now() > deadlineMs) throw new Error(`the keys of ${peer} do not end`)
    await new Promise((next) => setTimeout(next, lookMs))
    lookedMs = performance.now()
  }
  return lookedMs
}

/** Packets that were dropped for a reason, of the flow itself. */
function sum({ incidents }: ExplainAnswer, reason: string): number {
  return incidents
    .filter((incident) => incident.reason === reason && incident.of === 'flow')
    .reduce((total, { count }) => total + count, 0)
}

/** From Berlin's host, twenty a second, until the lab ends. */
export function ping(lab: Lab, to: string, ...options: readonly string[]): void {
  lab.spawn('berlin-host', ['ping', '-n', '-q', '-i', '0.05', ...options, to])
}

/** Datagrams to Lisbon's host, as long as the lab lives. */
async function stream(lab: Lab, port: number, dscp: number): Promise<void> {
  const to = hostAddress(lab, 'lisbon')
  await startPace(lab, 'berlin-host', 'lisbon-host', to, { ratePps: streamPps, port, dscp })
}

function frame(vni: number, source: string): Buffer {
  const packet = udpPacket(source, forged.to, forged.toPort, 'forged')
  return Buffer.concat([geneve(vni, 0x0800), packet])
}
