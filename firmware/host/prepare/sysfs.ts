/**
 * The machine as sysfs and procfs have it, before anything of ours runs: NICs of the own network namespace, CPUs, memory. Reads
 * alone. Linux, Documentation/ABI/testing/sysfs-class-net, sysfs-bus-pci.
 */
import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseCpuList } from '../../model/cpu-list.ts'
import type { MachineNic } from '../../model/machine-nic.ts'

const ether = '1'
/** VIRTIO_F_ACCESS_PLATFORM (virtio 1.2 §6): what the device reads and writes passes the IOMMU. */
const platformBit = 33
const bridgeClass = /^0x06/
const pciAddress = /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/
const mostNics = 64

/** @param root `/`, or a folder that stands for it in tests */
export async function readNics(root = '/'): Promise<MachineNic[]> {
  const folder = join(root, 'sys/class/net')
  const names = (await namesIn(folder)).slice(0, mostNics)
  const found = await Promise.all(names.map((name) => readNic(root, join(folder, name), name)))
  return found.filter((nic) => nic !== null)
}

/** Null: it is none, or made by software. */
async function readNic(root: string, folder: string, name: string): Promise<MachineNic | null> {
  const device = await realpath(join(folder, 'device')).catch(() => null)
  if (device === null || (await textOf(join(folder, 'type'))) !== ether) return null
  const isWireless =
    (await namesIn(join(folder, 'wireless'))).length > 0 ||
    (await realpath(join(folder, 'phy80211')).catch(() => null)) !== null ||
    /^DEVTYPE=(wlan|wwan)$/m.test((await textOf(join(folder, 'uevent'))) ?? '')
  const parts = device.split('/')
  const isUsb = parts.some((part) => /^usb\d+$/.test(part))
  const address = isUsb ? undefined : parts.findLast((part) => pciAddress.test(part))
  const bus = isUsb ? 'usb' : address === undefined ? 'other' : 'pci'
  const driver = await driverOf(address === undefined ? device : join(root, pciFolder, address))
  const passes = await passesIommu(device)
  return {
    ...{ name, bus, driver, isWireless },
    mac: (await textOf(join(folder, 'address'))) ?? '',
    place: address ?? device.slice(device.indexOf('/devices/') + '/devices/'.length),
    iommuMates: address === undefined || !passes ? null : await matesOf(root, address),
  }
}

export const pciFolder = 'sys/bus/pci/devices'

/** Name of the driver of a device's folder; null: none. */
export async function driverOf(folder: string): Promise<string | null> {
  return readlink(join(folder, 'driver')).then(
    (target) => basename(target),
    () => null,
  )
}

/** Of a device that speaks virtio its features tell; of others the group alone. */
async function passesIommu(device: string): Promise<boolean> {
  const features = await textOf(join(device, 'features'))
  return features === null || !/^[01]{34,}$/.test(features) || features[platformBit] === '1'
}

async function matesOf(root: string, address: string): Promise<string[] | null> {
  const group = join(root, pciFolder, address, 'iommu_group/devices')
  const members = await readdir(group).catch(() => null)
  if (members === null) return null
  const others = members.filter((other) => other !== address).toSorted()
  const classes = await Promise.all(others.map((other) => textOf(join(group, other, 'class'))))
  return others.filter((_, at) => !bridgeClass.test(classes[at] ?? ''))
}

/** MiB. */
export async function readMemoryMb(root = '/'): Promise<number> {
  const text = (await textOf(join(root, 'proc/meminfo'))) ?? ''
  return Math.floor(Number(/^MemTotal: +(\d+) kB$/m.exec(text)?.[1] ?? 0) / 1024)
}

/** Numbers of the CPUs that run; one at least. */
export async function readCpus(root = '/'): Promise<readonly number[]> {
  const text = await textOf(join(root, 'sys/devices/system/cpu/online'))
  return parseCpuList(text ?? '') ?? [0]
}

async function textOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => null,
  )
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).then(
    (names) => names.toSorted(),
    () => [],
  )
}
