/** What a site's processes hold: what a restart must not let grow. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Lab } from '../../../lab/lab.ts'
import { readNamespaces } from '../../../lab/machine.ts'
import { haveStoreOpen, readMetrics } from '../../../lab/status.ts'

export interface Holdings {
  readonly gatewayFds: number
  readonly datapathFds: number
  readonly buffers: number
  readonly keypairs: number
  readonly namespaces: number
  /** Links of the box's namespace, the twins among them. */
  readonly links: number
  /** Of the datapath's program: grows with every load. */
  readonly generation: number
  /** Programs beside, `NAME PID`, in order. */
  readonly services: readonly string[]
}

const servicePrograms = new Set(['dnsmasq', 'udhcpc'])

const settleMs = 300
const looks = 20

/** As of a moment at rest: packets under way and connections that end are given a while. */
export async function holdingsOf(lab: Lab, site: string): Promise<Holdings> {
  await haveStoreOpen(lab, site)
  let best = await look(lab, site)
  for (let turn = 0; turn < looks; turn++) {
    await new Promise((next) => setTimeout(next, settleMs))
    const now = await look(lab, site)
    const isSame = JSON.stringify(now) === JSON.stringify(best)
    best = now
    if (isSame && turn >= 3) break
  }
  return best
}

/** Of the program that runs, once the gateway has read it. */
export async function generationOf(lab: Lab, site: string): Promise<number> {
  for (let turn = 0; turn < looks; turn++) {
    const metrics = await readMetrics(lab, site)
    const found = /^causeway_datapath_generation\{[^}]*\} (\d+)/m.exec(metrics)
    if (found !== null) return Number(found[1])
    await new Promise((next) => setTimeout(next, settleMs))
  }
  return Number.NaN
}

async function look(lab: Lab, site: string): Promise<Holdings> {
  const { gateway, datapath } = lab.processes.get(site)!
  const metrics = await readMetrics(lab, site)
  const metric = (name: string): number =>
    Number(new RegExp(`^causeway_${name}\\{[^}]*\\} (\\d+)`, 'm').exec(metrics)?.[1] ?? Number.NaN)
  const links = await lab.exec(site, ['ip', '-o', 'link'])
  return {
    gatewayFds: fdsOf(gateway.pid),
    datapathFds: fdsOf(datapath.pid),
    buffers: metric('datapath_small_buffers') + metric('datapath_large_buffers'),
    keypairs: metric('datapath_keypairs'),
    namespaces: readNamespaces().filter((name) => name.endsWith(lab.id)).length,
    links: links.trim().split('\n').length,
    generation: metric('datapath_generation'),
    services: await servicesOf(lab, site),
  }
}

function fdsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Whoever started them and whether or not a note tells of them. */
async function servicesOf(lab: Lab, site: string): Promise<string[]> {
  const pids = (await lab.exec(site, ['ip', 'netns', 'pids', lab.netns(site)])).split('\n')
  const all = pids.filter(Boolean).map((pid) => [nameOf(pid), pid] as const)
  return all
    .filter(([name]) => servicePrograms.has(name))
    .map((one) => one.join(' '))
    .toSorted()
}

/** '' once it has ended. */
function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}
