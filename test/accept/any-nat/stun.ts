/**
 * A million malformed STUN datagrams at an overlay port, many of them in the name of the servers that the box asks, while it finds
 * out what NAT it has: no process ends, it finds out all the same, and what that costs has a limit.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bare } from '../../lab/description.ts'
import { plantDrop } from '../../lab/faults.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import { describeNatSites } from '../../lab/nat-sites.ts'
import type { Program } from '../../lab/program.ts'
import { lookAt } from '../../lab/status.ts'
import { waitFor } from '../../lab/until.ts'
import type { Check, Line } from '../line.ts'
import { malformedStun } from './malformed.ts'

const sites = ['left', 'hub'] as const
/** At left it lasts for longer than a gateway takes to begin anew, and to find out. */
const counts = {
  full: { left: 1_000_000, hub: 1_000_000 },
  quick: { left: 100_000, hub: 25_000 },
}
const pps = { full: 50_000, quick: 5_000 }
const kept = 4_000
const overlayPort = 51_820
const stunPort = 3_478
const mostCpu = 0.4
const discoveryMs = 15_000
const floodSeconds = 120
const ticksPerSecond = 100
const floodProgram = join(import.meta.dirname, '../../../native/out/test/flood')

export const stun: Line = {
  name: 'stun',
  title: 'a million malformed STUN datagrams: no crash, no effect on a discovery, bounded work',
  isQuickBeside: true,
  faults: { 'no-answers': 'what NAT', 'busy-gateway': 'CPU', killed: 'processes' },
  measure: async ({ isQuick, fault }) => {
    const form = isQuick ? 'quick' : 'full'
    await using lab = await openLab(describeNatSites('none', 'none'))
    await lab.start()
    const checks: Check[] = []
    for (const site of sites) {
      checks.push(...(await flood(lab, site, counts[form][site], pps[form], fault)))
    }
    return checks
  },
}

/** The gateway of `left` begins anew in the midst of it, and finds out again. */
async function flood(
  lab: Lab,
  site: string,
  count: number,
  ratePps: number,
  fault: string | undefined,
): Promise<Check[]> {
  const isDiscovering = site === 'left'
  const flooding = await startFlood(lab, site, count, ratePps)
  if (isDiscovering) {
    if (fault === 'no-answers') await loseAnswers(lab)
    await lab.processes.get(site)!.gateway.stop()
    await lab.restart(site, 'gateway')
  }
  const { gateway, datapath } = lab.processes.get(site)!
  const spinner = fault === 'busy-gateway' ? [1, 2].map(() => spin(lab, site)) : []
  const pids = [gateway.pid, ...spinner]
  const before = cpuTicks(pids)
  const startMs = performance.now()
  const found = isDiscovering ? await discovered(lab, site) : null
  const isFlooded = flooding.isRunning
  if (fault === 'killed') await datapath.stop('SIGKILL')
  const said = await flooding.line((line) => line.includes('"flooded"'), floodSeconds * 1_000)
  const { sent, ms } = JSON.parse(said) as { sent: number; ms: number }
  const seconds = (performance.now() - startMs) / 1_000
  const cpu = (cpuTicks(pids) - before) / ticksPerSecond / seconds
  const isAlive = gateway.isRunning && datapath.isRunning
  return [
    {
      check: `processes of ${site} after ${sent} datagrams, ${(sent / ms).toFixed(0)} kpps`,
      target: 'the same',
      figure: isAlive ? 'the same' : 'ended',
      isOk: isAlive && sent >= count,
    },
    ...(isDiscovering ? [discoveryCheck(found, isFlooded)] : []),
    {
      check: `CPU of the gateway process of ${site} meanwhile`,
      target: `≤ ${mostCpu * 100} % of a core`,
      figure: `${(cpu * 100).toFixed(1)} %`,
      isOk: cpu <= mostCpu,
    },
  ]
}

async function startFlood(
  lab: Lab,
  site: string,
  count: number,
  ratePps: number,
): Promise<Program> {
  const hub = addressOf(lab, 'hub')
  const servers = [overlayPort, 443, stunPort].map((port) => ({ address: hub, port }))
  const strangers = [1, 2, 3].map((host) => ({ address: `11.0.0.${host}`, port: 1_024 + host }))
  const recording = join(tmpdir(), `causeway-stun-${lab.id}`)
  writeFileSync(
    recording,
    malformedStun(kept, site === 'hub' ? strangers : [...servers, ...strangers]),
  )
  const noKey = '00'.repeat(32)
  const args = [addressOf(lab, site), overlayPort, noKey, 'r', count, floodSeconds, ratePps]
  const argv = [floodProgram, ...args.map(String), recording]
  const program = lab.spawn('internet', argv, { title: 'flood' })
  await program.line((line) => line.includes('"flooding"'), 10_000)
  rmSync(recording)
  return program
}

/** @returns what it took until the gateway knew its NAT, which is none, and so where it is; null: it never did */
async function discovered(lab: Lab, site: string): Promise<number | null> {
  const beganMs = performance.now()
  const own = `${addressOf(lab, site)}:${overlayPort}`
  return waitFor(async () => {
    // It has just begun: at first it has nothing to say.
    const look = await lookAt(lab, site).catch(() => null)
    const nat = look?.status.uplinks[0]?.nat[0]
    const isFound = nat?.mapping === 'none' && nat.mapped === own
    return isFound ? performance.now() - beganMs : null
  }, beganMs + discoveryMs)
}

/** Cookies of STUN, eight bytes into what UDP carries and its header. */
async function loseAnswers(lab: Lab): Promise<void> {
  await plantDrop(lab, 'internet', 'forward', 'iifname hub @th,96,32 0x2112a442')
}

/** @param isFlooded whether the flood outlasted it */
function discoveryCheck(ms: number | null, isFlooded: boolean): Check {
  return {
    check: 'what NAT there is, found out meanwhile by a gateway that begins anew',
    target: `≤ ${discoveryMs / 1_000} s`,
    figure: `${ms === null ? 'not at all' : `${(ms / 1_000).toFixed(1)} s`}${isFlooded ? '' : ', after it'}`,
    isOk: ms !== null && isFlooded,
  }
}

function addressOf(lab: Lab, site: string): string {
  return bare(lab.sites.find(({ name }) => name === site)!.wan.address)
}

/** Fields 14 and 15 of /proc/PID/stat: user and system time. */
function cpuTicks(pids: readonly number[]): number {
  const stats = pids.map((pid) =>
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' '),
  )
  return stats.reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0)
}

/** Stands for a gateway that works as hard as it can: its time counts as the gateway's. */
function spin(lab: Lab, site: string): number {
  return lab.spawn(site, [process.execPath, '-e', 'for (;;) {}'], { title: 'spinner' }).pid
}
