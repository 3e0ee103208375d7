/**
 * What a gateway costs in memory: both processes of a site, after they have carried traffic, and their hugepages,
 * which the resident size does not include.
 */
import { readFileSync } from 'node:fs'
import { describeSites } from '../../lab/description.ts'
import { awaitReachable, fetchFile, startServers } from '../../lab/hosts.ts'
import { type Lab, openLab } from '../../lab/lab.ts'
import type { Line } from '../line.ts'

const residentLimitMb = 250
const hugepageBudgetMb = 128
const fatMb = 300

export const memory: Line = {
  name: 'memory',
  title: 'both processes of a gateway together, and their hugepages',
  faults: { 'fat-process': 'resident' },
  measure: async ({ isQuick, fault }) => {
    await using lab = await openLab(describeSites(3))
    await lab.start()
    await startServers(lab)
    const sites = lab.sites.map(({ name }) => name)
    for (const [index, from] of sites.entries()) {
      const to = sites[(index + 1) % sites.length]!
      await awaitReachable(lab, from, to)
      await fetchFile(lab, from, to, { seed: index, bytes: isQuick ? 100e6 : 1e9 }, 60_000)
    }
    const extra = fault === 'fat-process' ? [await startFatProcess(lab)] : []
    const measured = sites.map((site) => {
      const { gateway, datapath } = lab.processes.get(site)!
      return sumOf([gateway.pid, datapath.pid, ...extra])
    })
    const rss = Math.max(...measured.map(({ rssMb }) => rssMb))
    const pss = Math.max(...measured.map(({ pssMb }) => pssMb))
    const hugepages = Math.max(...measured.map(({ hugepageMb }) => hugepageMb))
    return [
      {
        check: 'resident, the two processes of a site (largest of three)',
        target: `< ${residentLimitMb} MB`,
        figure: `${rss.toFixed(0)} MB (${pss.toFixed(0)} MB with shared pages shared out)`,
        isOk: rss < residentLimitMb,
      },
      {
        check: 'hugepages of a site',
        target: `1–${hugepageBudgetMb} MiB`,
        figure: `${hugepages} MiB`,
        isOk: hugepages > 0 && hugepages <= hugepageBudgetMb,
      },
    ]
  },
}

interface Memory {
  /** Megabytes as of 10^6, hugepages in MiB as they come. */
  readonly rssMb: number
  readonly pssMb: number
  readonly hugepageMb: number
}

function sumOf(pids: readonly number[]): Memory {
  const sum = (file: string, field: string): number =>
    pids.reduce((total, pid) => {
      const text = readFileSync(`/proc/${pid}/${file}`, 'utf8')
      return total + Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
    }, 0)
  return {
    rssMb: (sum('status', 'VmRSS') * 1024) / 1e6,
    pssMb: (sum('smaps_rollup', 'Pss') * 1024) / 1e6,
    hugepageMb: sum('status', 'HugetlbPages') / 1024,
  }
}

/** Stands for a gateway that has grown. */
async function startFatProcess(lab: Lab): Promise<number> {
  const script = `const fat = Buffer.alloc(${fatMb}e6, 1); console.log('fat'); setInterval(() => fat, 1e6)`
  const program = lab.spawn(lab.sites[0]!.name, [process.execPath, '-e', script])
  await program.line((line) => line === 'fat', 10_000)
  return program.pid
}
