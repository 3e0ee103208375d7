/** What of a machine's memory and CPUs the datapath gets. Pure. ARCHITECTURE "What the machine is made to be". */

/** 2 MiB each. */
const hugepageMb = 2
/** As /proc/meminfo has it: firmware and kernel keep some of what was built in. */
const manyMb = 7 * 1024
const leastMb = 640

export interface MemoryPlan {
  readonly hugepages: number
  /** `--memory` of the datapath. */
  readonly datapathMb: number
}

/** @param totalMb of the machine */
export function planMemory(totalMb: number): MemoryPlan {
  const datapathMb = totalMb >= manyMb ? 256 : 128
  // Where there is next to nothing, ordinary pages are given as they are needed.
  return { hugepages: totalMb < leastMb ? 0 : datapathMb / hugepageMb, datapathMb }
}

export interface CpuPlan {
  /** The worker's own; null: it shares what there is. */
  readonly worker: number | null
  /** For all else: services, interrupts, the kernel's own work. */
  readonly others: readonly number[]
}

/** Two are enough for what decides and serves; what is between them and the worker's is for workers to come. */
const mostForOthers = 2

/** @param online numbers of the CPUs that run, ascending */
export function planCpus(online: readonly number[]): CpuPlan {
  if (online.length < 2) return { worker: null, others: online }
  const rest = online.slice(0, -1)
  const others = rest.length < 3 ? rest : rest.slice(0, mostForOthers)
  return { worker: online.at(-1)!, others }
}

/** `0-1,3`: as the kernel and systemd write sets of CPUs. */
export function cpuList(cpus: readonly number[]): string {
  const runs: [number, number][] = []
  for (const cpu of cpus) {
    const last = runs.at(-1)
    if (last !== undefined && last[1] === cpu - 1) last[1] = cpu
    else runs.push([cpu, cpu])
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',')
}

/** The same as /proc/irq has it: a mask in hex, 32 CPUs a group. */
export function cpuMask(cpus: readonly number[]): string {
  const bits = cpus.reduce((mask, cpu) => mask | (1n << BigInt(cpu)), 0n)
  const groups: string[] = []
  for (let rest = bits; rest > 0n || groups.length === 0; rest >>= 32n)
    groups.unshift((rest & 0xffff_ffffn).toString(16).padStart(8, '0'))
  return groups.join(',')
}

/** Numbers out of such a list. Null: it is none. */
export function parseCpuList(text: string): readonly number[] | null {
  const cpus: number[] = []
  for (const part of text.trim().split(',')) {
    const [, from, to = from] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? []
    if (from === undefined || Number(to) < Number(from)) return null
    for (let cpu = Number(from); cpu <= Number(to); cpu++) cpus.push(cpu)
  }
  return cpus
}

/** What the datapath's unit reads, as systemd's `EnvironmentFile=`. */
export function datapathEnvironment({ datapathMb }: MemoryPlan, { worker }: CpuPlan): string {
  const cpu = worker === null ? '' : ` --worker-cpu ${worker}`
  return `CAUSEWAY_DATAPATH_OPTIONS=--memory ${datapathMb}${cpu}\n`
}
