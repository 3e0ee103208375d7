/**
 * A lab with virtual machines at its sites, each on a disk of its own over the image as it was built. Nobody else's machine is touched:
 * whatever was made goes with it, also after Ctrl-C.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describeSites, type LabDescription, uplinksOf } from '../lab/description.ts'
import { filePort, startNode } from '../lab/hosts.ts'
import { type Lab, openLab } from '../lab/lab.ts'
import type { Program } from '../lab/program.ts'
import { builtImage } from './builds.ts'
import { Disks, diskGiB, keepNewest } from './disks.ts'
import type { Arch } from './hardware.ts'
import { Vm } from './vm.ts'

export const sites = ['berlin', 'lisbon'] as const
export type Site = (typeof sites)[number]
/** On the far side of Berlin's uplink: an address of the internet's own. */
export const internetAddress = '203.0.113.1'
const segments = [{ name: 'office', vni: 100, admin: true, breakout: true }]
const listenMs = 10_000

export interface SceneOptions {
  /** Which machine stands where; a site that is not named has the processes of this machine. */
  readonly vms: Readonly<Partial<Record<Site, Arch>>>
  /** Sites that are not named have nothing at all. */
  readonly isAlone?: boolean
  /** Of each machine; 1024 unless told. */
  readonly memoryMiB?: number
  /** Its disk is as large as the image, and no larger. */
  readonly isSmall?: boolean
  /** Folder that receives what machines and processes say. */
  readonly logFolder?: string
}

export interface VmScene extends AsyncDisposable {
  readonly lab: Lab
  readonly disks: Disks
  /** Plugged in, and off. @throws where there is none */
  readonly vm: (site: Site) => Vm
}

const mostLogs = 60
/** Processors of each machine. */
const cores = 2

/** Where what the machines say is kept: of the last runs. */
export const logFolder = join(import.meta.dirname, '../../.cache/image-test/logs')

export function describeVms({ vms, isAlone = false }: SceneOptions): LabDescription {
  const { sites: all, ...rest } = describeSites(2, { segments })
  return {
    ...rest,
    sites: all.map((site) => {
      const isVm = site.name in vms || isAlone
      if (!isVm) return site
      return { ...site, isVm, ...uplinksOf([{ ...site.wan, isDhcp: true }]) }
    }),
  }
}

export async function openVmScene(options: SceneOptions): Promise<VmScene> {
  const folder = options.logFolder ?? logFolder
  mkdirSync(folder, { recursive: true })
  keepNewest(folder, mostLogs)
  const lab = await openLab(describeVms(options), { logFolder: folder })
  await using stack = new AsyncDisposableStack()
  stack.use(lab)
  const disks = stack.use(new Disks(lab.id))
  await lab.start()
  const vms = new Map<string, Vm>()
  for (const [site, arch] of Object.entries(options.vms)) {
    const gibibytes = options.isSmall === true ? undefined : diskGiB
    const disk = await disks.overlay(await builtImage(arch), gibibytes)
    const { memoryMiB = 1_024 } = options
    const machine = { arch, disk, memoryMiB, cores }
    const vm = await Vm.open({ lab, disks, site, ...machine, logFolder: folder })
    vms.set(site, stack.use(vm))
  }
  const parts = stack.move()
  return {
    ...{ lab, disks },
    vm: (site) => vms.get(site)!,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** A host of the Internet that serves files. */
export async function startInternetHost(lab: Lab): Promise<Program> {
  const server = startNode(lab, 'internet', 'file-server.ts', [filePort])
  await server.line((line) => line.includes('"listening"'), listenMs)
  return server
}
