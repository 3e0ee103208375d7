/**
 * Takes NICs from their kernel drivers for DPDK, by vfio-pci, and gives them back. Nothing is bound that was not named: the
 * kernel's `driver_override` is for one device alone. Linux, Documentation/driver-api/vfio.rst.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { driverOf, pciFolder } from './sysfs.ts'

export const vfioDriver = 'vfio-pci'
/** The class of Ethernet controllers. */
const ethernetClass = /^0x0200/
const mostDevices = 4_096

export interface Binding {
  readonly device: string
  /** What it is that could not be; null: it is as wanted. */
  readonly problem: string | null
}

/** Those of Ethernet that vfio-pci has now, by address. */
export async function boundDevices(root = '/'): Promise<string[]> {
  const folder = join(root, pciFolder)
  const devices = (await readdir(folder).catch(() => [])).slice(0, mostDevices)
  const found = await Promise.all(
    devices.map(async (device) => {
      const at = join(folder, device)
      if ((await driverOf(at)) !== vfioDriver) return null
      const kind = await readFile(join(at, 'class'), 'utf8').catch(() => '')
      return ethernetClass.test(kind) ? device : null
    }),
  )
  return found.filter((device) => device !== null).toSorted()
}

/** One after the other; whatever becomes of one, the next has its turn. */
export async function bindDevices(devices: readonly string[], root = '/'): Promise<Binding[]> {
  const bindings: Binding[] = []
  for (const device of devices) bindings.push({ device, problem: await bind(device, root) })
  return bindings
}

/** Back to the kernel's own driver. What a process of DPDK's holds open waits here until that lets go. */
export async function releaseDevices(devices: readonly string[], root = '/'): Promise<Binding[]> {
  const bindings: Binding[] = []
  for (const device of devices) {
    const problem = await attempt(async () => handOver(device, '\n', root))
    bindings.push({ device, problem })
  }
  return bindings
}

async function bind(device: string, root: string): Promise<string | null> {
  const folder = join(root, pciFolder, device)
  if ((await driverOf(folder)) === vfioDriver) return null
  if ((await readdir(folder).catch(() => null)) === null) return 'there is no such device'
  if ((await readdir(join(folder, 'iommu_group')).catch(() => null)) === null)
    return 'no IOMMU stands between it and memory: switch it on in the firmware (VT-d, AMD-Vi, SMMU)'
  const failed = await attempt(() => handOver(device, vfioDriver, root))
  if (failed === null && (await driverOf(folder)) === vfioDriver) return null
  // Rather the kernel's than nobody's.
  await attempt(() => handOver(device, '\n', root))
  return failed ?? `${vfioDriver} does not take it`
}

/** From whatever drives it to what the override says, or to what finds it by itself. */
async function handOver(device: string, override: string, root: string): Promise<void> {
  const folder = join(root, pciFolder, device)
  await writeFile(join(folder, 'driver_override'), override)
  if ((await driverOf(folder)) !== null) await writeFile(join(folder, 'driver/unbind'), device)
  await writeFile(join(root, 'sys/bus/pci/drivers_probe'), device)
}

/** @returns what the system said; null: nothing */
async function attempt(task: () => Promise<void>): Promise<string | null> {
  return task().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
}
