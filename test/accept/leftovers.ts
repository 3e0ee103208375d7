/** Looks on the machine for what a lab of a known id may have left: namespaces, processes, files, hugepages. */
import { readdirSync, readFileSync } from 'node:fs'
import { readHugepages, readNamespaces, readRecords, withMachineLock } from '../lab/machine.ts'

const folders = [
  '/run/causeway-lab',
  '/run/causeway',
  '/etc/causeway',
  '/var/lib/causeway',
  '/var/run/wireguard',
  '/run/dpdk',
  '/dev/hugepages',
  '/dev/shm',
  '/tmp',
] as const

/** Hugepages of the machine that no running lab answers for; none is half way between its pages and their record. */
export function hugepagesOfNobody(): Promise<number> {
  return withMachineLock(async () =>
    readRecords().reduce((rest, { hugepages }) => rest - hugepages, readHugepages()),
  )
}

/** What stands in the machine's own folders, by path; except what belongs to labs that are running right now,
 *  and iproute2's own folder, which stays from the first namespace on. */
export function machineEntries(): ReadonlySet<string> {
  const isBusy = readRecords().length > 0
  const entries = ['/run', '/etc', '/var/lib', '/dev/hugepages'].flatMap((folder) =>
    list(folder).map((name) => `${folder}/${name}`),
  )
  return new Set(
    entries.filter((path) => path !== '/run/netns' && !(isBusy && path.includes('/causeway'))),
  )
}

/** One sentence for each thing found. Processes are told by CAUSEWAY_LAB_ID, which children inherit. */
export function leftoversOf(id: string): string[] {
  const namespaces = readNamespaces()
    .filter((name) => name.includes(id))
    .map((name) => `namespace ${name}`)
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && bearsId(name, id))
    .map((pid) => `process ${pid}`)
  const files = folders.flatMap((folder) =>
    list(folder)
      .filter((name) => name.includes(id))
      .map((name) => `file ${folder}/${name}`),
  )
  return [...namespaces, ...processes, ...files]
}

function bearsId(pid: string, id: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`CAUSEWAY_LAB_ID=${id}`)
  } catch {
    // It has ended in the meantime.
    return false
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
