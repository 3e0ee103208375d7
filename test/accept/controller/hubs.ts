/**
 * Hub and spoke with two hubs: spokes have sessions with the hubs alone, talk to each other through the first one, and when that
 * dies, or its line, through the second: decided by each datapath from the silence of its paths, without the gateways. When it is
 * back, flows return to it after half a minute, and nothing is lost by that.
 */
import { setTimeout as passed } from 'node:timers/promises'
import type { ExplainAnswer } from '../../../firmware/model/local-api-explain.ts'
import { plantDrop } from '../../lab/faults.ts'
import type { FlowAccount } from '../../lab/gaps.ts'
import { awaitReachable, fetchFile, hostAddress, startServers } from '../../lab/hosts.ts'
import { describeHubs, hubs as hubNames } from '../../lab/hub-sites.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { type PacedFlows, type PaceReport, startPace } from '../../lab/pace.ts'
import { lookAt } from '../../lab/status.ts'
import { nowNs } from '../../lab/wan.ts'
import { askWhy } from '../../lab/why.ts'
import type { Check, Line } from '../line.ts'
import type { Cut } from '../many-links/cuts.ts'
import { lostBeside, silencesOf } from '../many-links/silence.ts'

const ratePps = 1_000
const basePort = 9_100
const fileBytes = 20_000_000
const gapMs = 1_000
/** From a hub's death to the next thing that is done. */
const deadMs = 3_000
const upMs = 30_000
/** Sessions with a hub that was killed end by themselves, or it calls; then it has to be reached for half a minute. */
const backMs = 90_000
const lookMs = 250
const ways = [
  ['berlin', 'lisbon'],
  ['lisbon', 'berlin'],
] as const

interface Deaths {
  readonly cuts: Cut[]
  /** What `explain` said of the carrier while the first one was away. */
  readonly said: string[]
  /** From its return until it carried again, ms; null: it did not. */
  readonly backMs: (number | null)[]
}

export const hubs: Line = {
  name: 'hubs',
  title:
    'spoke to spoke by a hub; when that dies, by the next one within a second, and back without loss',
  faults: {
    'wrong-file': 'a file from spoke to spoke',
    'lossy-lan': 'lost where no hub dies',
    'both-die': 'a hub dies',
  },
  measure: async ({ isQuick, fault }) => {
    await using lab = await openLab(describeHubs())
    await lab.start()
    await startServers(lab, ['lisbon'])
    for (const [from, to] of ways) await awaitReachable(lab, from, to)
    await awaitReachable(lab, 'oslo', 'berlin')
    await until(async () => (await carrier(lab)) === 'hub1', upMs)
    const checks = [
      await sessionsCheck(lab),
      await fileCheck(lab, fault === 'wrong-file'),
      await hopCheck(lab),
    ]
    if (fault === 'lossy-lan') {
      const lossy = `udp dport ${basePort} numgen inc mod 700 == 0`
      await plantDrop(lab, 'lisbon-host', 'input', lossy)
    }
    const flows = await startFlows(lab)
    const deaths: Deaths = { cuts: [], said: [], backMs: [] }
    await passed(1_000)
    deaths.cuts.push(await kill(lab, deaths, fault === 'both-die'))
    if (!isQuick) {
      await revive(lab)
      deaths.backMs.push(await untilBack(lab))
      await passed(1_000)
      deaths.cuts.push(await cutLine(lab, deaths))
      await lab.wan('hub1', 'wan0').mend()
      deaths.backMs.push(await untilBack(lab))
      await passed(1_000)
      deaths.cuts.push(await partHubAndSpoke(lab, deaths))
      await passed(5_000)
    }
    const reports = await Promise.all(flows.map((one) => one.finish()))
    for (const one of flows) await one[Symbol.asyncDispose]()
    return [...checks, ...checksOf(deaths, reports)]
  },
}

async function until(isSo: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs
  while (performance.now() < deadlineMs) {
    if (await isSo().catch(() => false)) return true
    await passed(lookMs)
  }
  return false
}

function why(lab: Lab, site = 'berlin'): Promise<ExplainAnswer> {
  const [from, to] = [hostAddress(lab, 'berlin'), hostAddress(lab, 'lisbon')]
  return askWhy(lab, site, { from, to, protocol: 'icmp' })
}

async function carrier(lab: Lab): Promise<string | null> {
  const answer = await why(lab)
  return answer.peers.find(({ standing }) => standing === 'carries')?.peer ?? null
}

async function sessionsCheck(lab: Lab): Promise<Check> {
  const { status } = await lookAt(lab, 'berlin')
  const names = status.peers.map(({ name }) => name)
  return {
    check: 'a spoke has sessions with the hubs alone',
    target: hubNames.join(', '),
    figure: names.join(', '),
    isOk: names.join() === hubNames.join(),
  }
}

async function fileCheck(lab: Lab, isCorrupt: boolean): Promise<Check> {
  const spec = { seed: 6, bytes: fileBytes, isCorrupt }
  const { bytes, ms, isEqual } = await fetchFile(lab, 'berlin', 'lisbon', spec)
  const { drops } = await lookAt(lab, 'hub1')
  const transit = Object.entries(drops.reasons)
    .filter(([name, count]) => name.startsWith('transit') && count > 0)
    .map(([name, count]) => `${count} ${name}`)
  return {
    check: 'a file from spoke to spoke, by the hub',
    target: 'equal, and nothing dropped as transit',
    figure: `${bytes / 1e6} MB in ${(ms / 1000).toFixed(1)} s, ${isEqual ? 'equal' : 'NOT EQUAL'}${transit.length === 0 ? '' : `, ${transit.join(', ')}`}`,
    isOk: isEqual && transit.length === 0,
  }
}

/** A packet whose TTL ends at the hub: the second router of three says so. */
async function hopCheck(lab: Lab): Promise<Check> {
  const argv = ['ping', '-n', '-c', '1', '-W', '2', '-t', '2', hostAddress(lab, 'lisbon')]
  const { stdout } = await lab.attempt('berlin-host', argv)
  const from = /From ([\d.]+).*[Tt]ime to live exceeded/.exec(stdout)?.[1] ?? 'nobody'
  const hub = lab.sites.find(({ name }) => name === 'hub1')!.lan.address.split('/')[0]!
  return {
    check: 'the hub is a router: an expired TTL is told by it',
    target: hub,
    figure: from,
    isOk: from === hub,
  }
}

async function startFlows(lab: Lab): Promise<PacedFlows[]> {
  const started = await Promise.all(
    ways.map(([from, to], index) =>
      startPace(lab, `${from}-host`, `${to}-host`, hostAddress(lab, to), {
        ratePps,
        port: basePort + index,
      }),
    ),
  )
  for (const one of started) await one.heard()
  return started
}

/** Both of its processes end at once. */
async function kill(lab: Lab, deaths: Deaths, isBoth: boolean): Promise<Cut> {
  const cutNs = nowNs()
  const dying = isBoth ? hubNames : hubNames.slice(0, 1)
  const processes = dying.map((hub) => lab.processes.get(hub)!)
  await Promise.all(
    processes.flatMap(({ gateway, datapath }) => [
      datapath.stop('SIGKILL'),
      gateway.stop('SIGKILL'),
    ]),
  )
  deaths.said.push(await sayings(lab))
  return { kind: 'killed', isBothWays: true, cutNs, untilNs: nowNs() }
}

async function cutLine(lab: Lab, deaths: Deaths): Promise<Cut> {
  const cutNs = nowNs()
  await lab.wan('hub1', 'wan0').cut()
  deaths.said.push(await sayings(lab))
  return { kind: 'cut', isBothWays: true, cutNs, untilNs: nowNs() }
}

/** The first hub and a spoke lose each other, and both reach all others: it goes by both hubs then, and back by the second alone. */
async function partHubAndSpoke(lab: Lab, deaths: Deaths): Promise<Cut> {
  const [hub, spoke] = ['hub1', 'lisbon'].map((name) => {
    return lab.sites.find((site) => site.name === name)!.wan.address.split('/')[0]!
  })
  const cutNs = nowNs()
  await plantDrop(
    lab,
    'internet',
    'forward',
    `ip saddr { ${hub}, ${spoke} } ip daddr { ${hub}, ${spoke} }`,
  )
  deaths.said.push(await sayings(lab, 'hub1'))
  const untilNs = nowNs()
  await lab.exec('internet', ['nft', 'delete', 'table', 'inet', 'fault'])
  return { kind: 'hub1 and lisbon apart', isBothWays: true, cutNs, untilNs }
}

async function sayings(lab: Lab, site = 'berlin'): Promise<string> {
  await passed(deadMs)
  const { also } = await why(lab, site)
  return also.find(({ cause }) => cause === 'hub-carries')?.sentence ?? ''
}

async function revive(lab: Lab): Promise<void> {
  await lab.restart('hub1', 'datapath')
  await lab.restart('hub1', 'gateway')
}

async function untilBack(lab: Lab): Promise<number | null> {
  const beganMs = performance.now()
  const isBack = await until(async () => (await carrier(lab)) === 'hub1', backMs)
  return isBack ? performance.now() - beganMs : null
}

function checksOf(deaths: Deaths, reports: readonly PaceReport[]): Check[] {
  const { cuts, said, backMs: back } = deaths
  const flows: FlowAccount[] = reports.flatMap((report) => report.flows)
  const missed = reports.reduce((sum, report) => sum + report.missed + report.refused, 0)
  const sent = flows.reduce((sum, flow) => sum + flow.sent, 0)
  const lost = lostBeside(cuts, flows)
  const silences = silencesOf(cuts, flows)
  return [
    ...silences.map(({ kind, ms }) => ({
      check: `a hub dies, or its way to a spoke (${kind}): longest silence`,
      target: `≤ ${gapMs} ms`,
      figure: `${ms.toFixed(0)} ms`,
      isOk: ms <= gapMs && ms > 0,
    })),
    {
      check: 'explain says who carries, and why not the first hub',
      target: '… is not reached: …; hub2 carries.',
      figure: said.join(' | '),
      isOk: said.every((text) => /^(hub1|lisbon) is not reached: .*; hub2 carries\.$/.test(text)),
    },
    {
      check: `lost where no hub dies${back.length === 0 ? '' : ', its return among that'}`,
      target: '0',
      figure: `${lost} of ${sent}${missed === 0 ? '' : `; ${missed} missed by the measuring`}`,
      isOk: lost === 0 && missed === 0,
    },
    ...(back.length === 0 ? [] : [backCheck(back)]),
  ]
}

function backCheck(back: readonly (number | null)[]): Check {
  return {
    check: 'the first hub carries again, once it is back',
    target: `≤ ${backMs / 1000} s`,
    figure: back.map((ms) => (ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`)).join(', '),
    isOk: !back.includes(null),
  }
}
