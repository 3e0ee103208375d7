/** What the kernel has of 2 MiB hugepages. */
import { readFileSync } from 'node:fs'

const free = '/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages'

/** Free ones, in MiB; 0 where the kernel knows none. */
export function freeHugepagesMb(): number {
  try {
    return Number(readFileSync(free, 'utf8').trim()) * 2
  } catch {
    return 0
  }
}
