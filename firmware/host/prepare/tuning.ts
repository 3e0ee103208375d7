/** Gives the datapath its memory and its CPU: hugepages by sysfs, sets of CPUs by systemd and /proc/irq. Never by a restart. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cpuList, cpuMask } from '../../model/cpu-list.ts'
import { run } from '../system/command.ts'

const hugepages = 'sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'
/** Whatever is not the datapath's. */
const otherUnits = ['system.slice', 'user.slice', 'init.scope']

/** @returns how many there are now: the kernel gives what it finds in one piece @throws the system's error */
export async function reserveHugepages(count: number, root = '/'): Promise<number> {
  const path = join(root, hugepages)
  const before = Number((await readFile(path, 'utf8')).trim())
  if (before >= count) return before
  await writeFile(path, String(count))
  return Number((await readFile(path, 'utf8')).trim())
}

/** All but the datapath keeps to these. Each by itself: @throws the first that failed, HOST_COMMAND_ or the system's error, at the end */
export async function confineOthers(others: readonly number[], root = '/'): Promise<void> {
  const mask = cpuMask(others)
  const interrupts = join(root, 'proc/irq')
  const numbers = (await readdir(interrupts).catch(() => [])).filter((name) => /^\d+$/.test(name))
  // Some belong to a CPU, or are nobody's to move.
  for (const number of numbers)
    await writeFile(join(interrupts, number, 'smp_affinity'), mask).catch(() => {})
  const allowed = `AllowedCPUs=${cpuList(others)}`
  const tasks = [
    () => writeFile(join(interrupts, 'default_smp_affinity'), mask),
    () => writeFile(join(root, 'sys/devices/virtual/workqueue/cpumask'), mask),
    ...otherUnits.map(
      (unit) => () => run(['systemctl', 'set-property', '--runtime', unit, allowed]),
    ),
  ]
  const failed: unknown[] = []
  for (const task of tasks) {
    try {
      await task()
    } catch (error) {
      failed.push(error)
    }
  }
  if (failed.length > 0) throw failed[0]
}
