/**
 * Gateway and datapath are killed again and again. The gateway's death costs no packet; the datapath's is over within
 * seconds; and nothing that one of them holds grows.
 */
import { readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { bare, describeSites, type LabDescription, uplinksOf } from '../../lab/description.ts'
import { plantDrop } from '../../lab/faults.ts'
import { awaitReachable, hostAddress, type StreamAccount, sendStream } from '../../lab/hosts.ts'
import { type Lab, openLab, type SiteProcesses } from '../../lab/lab.ts'
import { type AnyConfig, reconfigure } from '../../lab/reconfigure.ts'
import { freshDrops } from '../../lab/status.ts'
import type { Check, Context, Line } from '../line.ts'
import { generationOf, type Holdings, holdingsOf } from './restarts/holdings.ts'

const site = 'berlin'
const peer = 'lisbon'
const lent = { from: '10.1.0.50', to: '10.1.0.59' }
const ratePps = 10_000
const payloadBytes = 200
/** The quick form runs beside other work and is no timed test. */
const backMs = { full: 4_000, quick: 10_000 }
/** Previous, current and next. */
const keypairsOfAPeer = 3
/** Packets of the control kind under way. */
const spareBuffers = 64
const spareFds = 3

const promises = {
  drops: 'drop counters, gateway killed',
  loss: 'end to end, gateway killed',
  reload: 'loads that change nothing',
  back: 'datapath killed: traffic back',
  comes: 'comes back',
  buffers: 'buffers in use',
  fds: 'open files of the one that survives',
  namespaces: 'namespaces and links',
  sessions: 'keypairs',
  services: 'programs beside',
} as const

export const restarts: Line = {
  name: 'restarts',
  title: `kill -9 of the gateway under ${ratePps} packets/s costs none; of the datapath, ≤ 4 s; nothing leaks`,
  faults: {
    junk: promises.drops,
    'drop-packet': promises.loss,
    'late-supervisor': promises.back,
    'stays-dead': promises.comes,
    'hold-files': promises.fds,
    'leak-namespace': promises.namespaces,
    'second-client': promises.services,
    'ended-server': promises.services,
  },
  measure: async (context) => {
    const { isQuick, fault } = context
    await using lab = await openLab(describeServed())
    await lab.start()
    await reconfigure(lab, site, (config: AnyConfig) => {
      config.lans[0].dhcp = lent
    })
    await awaitReachable(lab, site, peer)
    const before = await holdingsOf(lab, site)
    const streams = await killUnderLoad(lab, context)
    await using pings = startPings(lab)
    const gaps: number[] = []
    const limitMs = isQuick ? backMs.quick : backMs.full
    let comebacks = 0
    let loads = 0
    const kills = isQuick ? 1 : 100
    await plantServiceFault(lab, fault)
    for (let kill = 0; kill < kills; kill++) {
      if (await killGateway(lab, fault === 'stays-dead')) comebacks++
      if (fault === 'stays-dead') break
      loads += (await generationOf(lab, site)) - before.generation
    }
    for (let kill = 0; kill < kills && fault !== 'stays-dead'; kill++) {
      gaps.push(await killDatapath(lab, pings, fault === 'late-supervisor' ? limitMs : 0))
      if (gaps.at(-1)! < Number.POSITIVE_INFINITY) comebacks++
    }
    await using _leak = await plantLeak(lab, fault)
    const after = fault === 'stays-dead' ? before : await holdingsOf(lab, site)
    return [
      ...streams,
      check(promises.reload, '0', String(loads), loads === 0),
      check(
        promises.back,
        `≤ ${limitMs / 1000} s, ${kills} kills`,
        gaps.length === 0 ? 'none' : `at most ${(Math.max(...gaps) / 1000).toFixed(2)} s`,
        gaps.length === kills && Math.max(...gaps) <= limitMs,
      ),
      check(
        promises.comes,
        `${2 * kills} of ${2 * kills}`,
        String(comebacks),
        comebacks === 2 * kills,
      ),
      ...leakChecks(before, after),
    ]
  },
}

/** The site has both programs beside: its uplink's address is lent, and its LAN's are to lend. */
function describeServed(): LabDescription {
  const { sites, ...rest } = describeSites(2)
  const served = sites.map((one) =>
    one.name === site ? { ...one, ...uplinksOf([{ ...one.wan, isDhcp: true }]) } : one,
  )
  return { ...rest, sites: served }
}

function check(name: string, target: string, figure: string, isOk: boolean): Check {
  return { check: name, target, figure, isOk }
}

type Counted = Exclude<keyof Holdings, 'services'>

function leakChecks(before: Holdings, after: Holdings): Check[] {
  const grew = (key: Counted): number => after[key] - before[key]
  const arrow = (key: Counted): string => `${before[key]} → ${after[key]}`
  return [
    check(
      promises.buffers,
      `no more than ${spareBuffers} above what it was`,
      arrow('buffers'),
      grew('buffers') <= spareBuffers,
    ),
    check(
      promises.fds,
      `no more than ${spareFds} above what it was`,
      `gateway ${arrow('gatewayFds')}, datapath ${arrow('datapathFds')}`,
      grew('gatewayFds') <= spareFds && grew('datapathFds') <= spareFds,
    ),
    check(
      promises.namespaces,
      'as before',
      `${arrow('namespaces')}, ${arrow('links')}`,
      grew('namespaces') === 0 && grew('links') === 0,
    ),
    check(
      promises.sessions,
      `≤ ${keypairsOfAPeer} for a peer`,
      arrow('keypairs'),
      after.keypairs >= 1 && after.keypairs <= keypairsOfAPeer,
    ),
    check(
      promises.services,
      'dnsmasq and udhcpc, the same processes',
      `${before.services.join(', ')} → ${after.services.join(', ')}`,
      /^dnsmasq \d+,udhcpc \d+$/.test(String(before.services)) &&
        String(after.services) === String(before.services),
    ),
  ]
}

/** The same stream twice, once with the gateway killed and started again in the middle of it. */
async function killUnderLoad(lab: Lab, { isQuick, fault }: Context): Promise<Check[]> {
  const seconds = isQuick ? 2 : 15
  const stream = { ratePps, count: ratePps * seconds, bytes: payloadBytes }
  // Counted from before the first one: that drops nothing either.
  const dropsBefore = await allDrops(lab)
  const calm = await sendStream(lab, site, peer, stream)
  if (fault === 'drop-packet') {
    await plantDrop(lab, 'internet', 'forward', 'udp dport 51820 numgen inc mod 3000 == 100')
  }
  const quarter = Promise.withResolvers<void>()
  const running = sendStream(lab, site, peer, { ...stream, onQuarter: quarter.resolve })
  await Promise.race([quarter.promise, running])
  const hasReturned = await killGateway(lab, false)
  if (fault === 'junk') await sendJunk(lab)
  const killed = await running
  const dropped = (await allDrops(lab)) - dropsBefore
  return [
    check(promises.drops, '0', hasReturned ? String(dropped) : 'did not return', dropped === 0),
    check(
      promises.loss,
      `≤ ${missing(calm)} of ${calm.sent}, as without`,
      `${missing(killed)} of ${killed.sent}`,
      missing(killed) <= missing(calm) && killed.sent === calm.sent,
    ),
  ]
}

/** Neither delivered nor lost in the receiver's own socket. */
function missing({ sent, delivered, socketDrops }: StreamAccount): number {
  return sent - delivered - socketDrops
}

async function allDrops(lab: Lab): Promise<number> {
  const drops = await Promise.all(lab.sites.map(({ name }) => freshDrops(lab, name)))
  return drops.reduce((sum, { total }) => sum + total, 0)
}

async function sendJunk(lab: Lab): Promise<void> {
  const { wan } = lab.sites.find(({ name }) => name === site)!
  await lab.exec('internet', [
    ...['bash', '-c'],
    `printf junk >/dev/udp/${bare(wan.address)}/51820`,
  ])
}

/** @returns whether it is there again, with everything in place */
async function killGateway(lab: Lab, staysDead: boolean): Promise<boolean> {
  await kill(lab, 'gateway')
  if (staysDead) return false
  await lab.restart(site, 'gateway')
  return true
}

/** @returns how long nothing was answered, in ms; infinity if nothing came back */
async function killDatapath(lab: Lab, pings: Pings, lateMs: number): Promise<number> {
  await kill(lab, 'datapath')
  const killedMs = performance.now()
  await new Promise((next) => setTimeout(next, lateMs))
  await lab.restart(site, 'datapath')
  return pings.firstAfter(killedMs)
}

async function kill(lab: Lab, role: keyof SiteProcesses): Promise<void> {
  const program = lab.processes.get(site)![role]
  program.signal('SIGKILL')
  await program.exited
}

interface Pings extends AsyncDisposable {
  /** Ms from then until something sent later was answered. */
  firstAfter(ms: number): Promise<number>
}

const pingsEveryMs = 50
const longestMs = 20_000

/** A host asks another all the time. */
function startPings(lab: Lab): Pings {
  let answeredMs = 0
  const interval = String(pingsEveryMs / 1000)
  const argv = ['ping', '-n', '-i', interval, hostAddress(lab, peer)]
  const program = lab.spawn(`${site}-host`, argv, {
    onLine: (line) => {
      if (line.includes(' time=')) answeredMs = performance.now()
    },
  })
  return {
    firstAfter: async (ms) => {
      // What was under way when it was killed may still be answered.
      const graceMs = 2 * pingsEveryMs
      while (performance.now() < ms + longestMs) {
        if (answeredMs > ms + graceMs) return answeredMs - ms
        await new Promise((next) => setTimeout(next, pingsEveryMs / 2))
      }
      return Number.POSITIVE_INFINITY
    },
    [Symbol.asyncDispose]: async () => void (await program.stop('SIGTERM', 1_000)),
  }
}

async function plantLeak(lab: Lab, fault: string | undefined): Promise<AsyncDisposable> {
  if (fault === 'leak-namespace') {
    const name = `cw-leak-${lab.id}`
    await lab.exec('internet', ['ip', 'netns', 'add', name])
    return undo(async () => void (await lab.exec('internet', ['ip', 'netns', 'del', name])))
  }
  if (fault === 'hold-files') {
    const socketPath = `/run/causeway/${lab.names.instance(site)}/api.sock`
    const held = Array.from({ length: 8 }, () =>
      request({ socketPath, path: '/api/v1/events', agent: false }, (response) =>
        response.on('error', () => {}).resume(),
      ).on('error', () => {}),
    )
    for (const one of held) one.end()
    return undo(async () => {
      for (const one of held) one.destroy()
    })
  }
  return undo(async () => {})
}

/** The next gateway does not know of a client that runs; or has to start a server that died. */
async function plantServiceFault(lab: Lab, fault: string | undefined): Promise<void> {
  const folder = `/run/causeway/${lab.names.instance(site)}/services`
  if (fault === 'second-client') rmSync(`${folder}/udhcpc-wan0.json`)
  if (fault !== 'ended-server') return
  const { pid } = JSON.parse(readFileSync(`${folder}/dnsmasq.json`, 'utf8')) as { pid: number }
  process.kill(pid, 'SIGKILL')
}

function undo(how: () => Promise<void>): AsyncDisposable {
  return { [Symbol.asyncDispose]: how }
}
