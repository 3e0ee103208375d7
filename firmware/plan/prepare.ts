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

/** What the datapath's unit reads, as systemd's `EnvironmentFile=`. */
export function datapathEnvironment({ datapathMb }: MemoryPlan, { worker }: CpuPlan): string {
  const cpu = worker === null ? '' : ` --worker-cpu ${worker}`
  return `CAUSEWAY_DATAPATH_OPTIONS=--memory ${datapathMb}${cpu}\n`
}
