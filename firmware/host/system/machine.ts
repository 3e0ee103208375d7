/**
 * What the machine says of itself: kind, load, memory, temperature, disk. Asked only when somebody looks, and then seldom: programs are
 * run for some of it (`systeminformation`), so what changes is kept for some seconds and what does not for good.
 */
import { arch, cpus, hostname, loadavg, release, uptime } from 'node:os'
import {
  cpu,
  cpuTemperature,
  fsSize,
  mem,
  osInfo,
  type Systeminformation,
  system,
} from 'systeminformation'
import type { MachineAnswer } from '../../model/local-api-system.ts'
import { keptFor, keptForGood } from '../clock/kept.ts'

export interface Machine {
  /** Never fails: what cannot be told is null, or empty. */
  read(): Promise<MachineAnswer>
}

/** Twenty pages ask no more of the machine than one. */
const keptMs = 5_000
/** Whoever does not answer by then has nothing to say. */
const mostMs = 3_000
const mostChars = 256

type Kind = Pick<
  MachineAnswer,
  'hostname' | 'system' | 'kernel' | 'architecture' | 'model' | 'cpu' | 'cores'
>

interface Asked {
  readonly osInfo: () => Promise<Systeminformation.OsData>
  readonly cpu: () => Promise<Systeminformation.CpuData>
  readonly system: () => Promise<Systeminformation.SystemData>
}

interface Spent {
  readonly atMs: number
  readonly busyMs: number
  readonly allMs: number
  readonly ownUs: number
}

/** @param folder where what the box keeps lies @param nowMs a clock that never goes back @param asked what never changes */
export function openMachine(
  folder: string,
  nowMs: () => number,
  asked: Asked = { osInfo, cpu, system },
): Machine {
  const [os, processor, board] = [
    keptForGood(() => asked.osInfo()),
    keptForGood(() => asked.cpu()),
    keptForGood(() => asked.system()),
  ]
  let spent: Spent | null = null
  const read = async (): Promise<MachineAnswer> => {
    const before = spent
    spent = spentSoFar(nowMs())
    const [known, memory, temperature, disks] = await Promise.all([
      Promise.all([orNull(os()), orNull(processor()), orNull(board())]),
      orNull(mem()),
      orNull(cpuTemperature()),
      orNull(fsSize()),
    ])
    const disk = diskOf(folder, disks ?? [])
    return {
      ...kindOf(...known),
      uptimeSeconds: uptime(),
      ...ratiosBetween(before, spent),
      load: loadavg(),
      memoryBytes: memory?.total ?? 0,
      memoryAvailableBytes: memory?.available ?? 0,
      gatewayMemoryBytes: process.memoryUsage.rss(),
      temperatureCelsius: temperature?.main ?? null,
      diskBytes: disk === null ? null : Math.round(disk.size),
      diskUsedBytes: disk === null ? null : Math.round(disk.used),
    }
  }
  return { read: keptFor(keptMs, nowMs, read) }
}

function kindOf(
  os: Systeminformation.OsData | null,
  processor: Systeminformation.CpuData | null,
  board: Systeminformation.SystemData | null,
): Kind {
  const model = [board?.manufacturer, board?.model].filter((text) => text && text !== '-').join(' ')
  const text = (value: string | undefined): string => (value ?? '').trim().slice(0, mostChars)
  return {
    // What Node knows by itself is known however busy the machine is.
    hostname: text(hostname()),
    system: text(`${os?.distro ?? ''} ${os?.release ?? ''}`),
    kernel: text(release()),
    architecture: arch(),
    model: model === '' ? null : text(model),
    cpu: text(`${processor?.manufacturer ?? ''} ${processor?.brand ?? ''}`),
    cores: Math.max(1, cpus().length),
  }
}

function spentSoFar(atMs: number): Spent {
  let busyMs = 0
  let allMs = 0
  for (const { times } of cpus()) {
    const { user, nice, sys, idle, irq } = times
    busyMs += user + nice + sys + irq
    allMs += user + nice + sys + irq + idle
  }
  const { user, system: inKernel } = process.cpuUsage()
  return { atMs, busyMs, allMs, ownUs: user + inKernel }
}

function ratiosBetween(
  before: Spent | null,
  now: Spent,
): Pick<MachineAnswer, 'cpuRatio' | 'gatewayCpuRatio'> {
  const elapsedMs = before === null ? 0 : now.atMs - before.atMs
  if (before === null || elapsedMs <= 0) return { cpuRatio: null, gatewayCpuRatio: null }
  const allMs = now.allMs - before.allMs
  return {
    cpuRatio: allMs <= 0 ? null : Math.max(0, (now.busyMs - before.busyMs) / allMs),
    gatewayCpuRatio: (now.ownUs - before.ownUs) / 1_000 / elapsedMs,
  }
}

interface MountedDisk {
  readonly mount: string
  readonly size: number
  readonly used: number
}

/** That of the longest mount point around the folder. */
export function diskOf(folder: string, disks: readonly MountedDisk[]): MountedDisk | null {
  const around = disks.filter(({ mount }) =>
    `${folder}/`.startsWith(mount.endsWith('/') ? mount : `${mount}/`),
  )
  return around.sort((one, other) => other.mount.length - one.mount.length)[0] ?? null
}

/** Null: it failed, or took too long. */
async function orNull<Value>(asked: Promise<Value>): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), mostMs)
  })
  try {
    return await Promise.race([asked, late])
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}
