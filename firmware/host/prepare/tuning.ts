/** Gives the datapath its memory and its CPU: hugepages by sysfs, sets of CPUs by systemd and /proc/irq. Never by a restart. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cpuList, cpuMask } from '../../model/cpu-list.ts'
import { run } from '../system/command.ts'

const hugepages = 'sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'
/** Whatever is not the datapath's. */
const otherUnits = ['init.scope', 'system.slice', 'user.slice']

/** @returns how many there are now: the kernel gives what it finds in one piece @throws the system's error */
export async function reserveHugepages(count: number, root = '/'): Promise<number> {
  const path = join(root, hugepages)
  const before = Number((await readFile(path, 'utf8')).trim())
  if (before >= count) return before
  await writeFile(path, String(count))
  return Number((await readFile(path, 'utf8')).trim())
}

/** All but the datapath keeps to these. @throws HOST_COMMAND_ errors, the system's error; what was set before stays */
export async function confineOthers(others: readonly number[], root = '/'): Promise<void> {
  await writeFile(join(root, 'proc/irq/default_smp_affinity'), cpuMask(others))
  const allowed = `AllowedCPUs=${cpuList(others)}`
  for (const unit of otherUnits) {
    await run(['systemctl', 'set-property', '--runtime', unit, allowed])
  }
}
