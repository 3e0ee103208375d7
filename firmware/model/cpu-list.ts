/** Sets of CPUs as the kernel and systemd write them: lists (`0-1,3`) and masks. Linux, cpuset(7) "FORMATS". */

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
