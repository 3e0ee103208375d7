/** What is read of sysfs and procfs, in folders that look like those of real machines; and what is written to bind a NIC. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readCpus, readMemoryMb, readNics } from '../../../firmware/host/prepare/sysfs.ts'
import { reserveHugepages } from '../../../firmware/host/prepare/tuning.ts'
import { bindDevices, boundDevices, releaseDevices } from '../../../firmware/host/prepare/vfio.ts'

class Machine {
  readonly root = mkdtempSync(join(tmpdir(), 'causeway-sysfs-'))

  constructor(context: TestContext) {
    context.after(() => rmSync(this.root, { recursive: true }))
  }

  write(path: string, text: string): void {
    const full = join(this.root, path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, text)
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8')
  }

  link(path: string, target: string): void {
    const full = join(this.root, path)
    mkdirSync(dirname(full), { recursive: true })
    mkdirSync(join(this.root, target), { recursive: true })
    symlinkSync(join(this.root, target), full)
  }

  pci(address: string, kind: string, driver: string | null, group: string | null): void {
    const at = `sys/devices/pci0000:00/${address}`
    this.write(`${at}/class`, `${kind}\n`)
    this.link(`sys/bus/pci/devices/${address}`, at)
    if (driver !== null) this.link(`${at}/driver`, `sys/bus/pci/drivers/${driver}`)
    if (group === null) return
    this.link(`${at}/iommu_group`, `sys/kernel/iommu_groups/${group}`)
    this.link(`sys/kernel/iommu_groups/${group}/devices/${address}`, at)
  }

  net(name: string, device: string, type = '1'): void {
    const at = `${device}/net/${name}`
    this.write(`${at}/type`, `${type}\n`)
    this.write(`${at}/address`, '52:54:00:00:00:01\n')
    this.write(`${at}/uevent`, `INTERFACE=${name}\n`)
    this.link(`${at}/device`, device)
    this.link(`sys/class/net/${name}`, at)
  }
}

const ethernet = '0x020000'

test('NICs of PCI, of virtio, of USB and of the board; radios are known; what software made is none', async (context) => {
  const machine = new Machine(context)
  machine.pci('0000:00:1c.0', '0x060400', 'pcieport', '7')
  machine.pci('0000:01:00.0', ethernet, 'igc', '7')
  machine.pci('0000:01:00.1', ethernet, 'igc', '7')
  machine.net('enp1s0f0', 'sys/devices/pci0000:00/0000:01:00.0')
  machine.pci('0000:00:03.0', ethernet, 'virtio-pci', '3')
  const virtio = 'sys/devices/pci0000:00/0000:00:03.0/virtio0'
  machine.write(`${virtio}/features`, `${'0'.repeat(64)}\n`)
  machine.net('ens3', virtio)
  machine.net('enx1', 'sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0')
  machine.net('end0', 'sys/devices/platform/fd580000.ethernet')
  machine.net('wlan0', 'sys/devices/platform/radio')
  mkdirSync(join(machine.root, 'sys/devices/platform/radio/net/wlan0/wireless/x'), {
    recursive: true,
  })
  machine.write('sys/class/net/lo/type', '772\n')
  machine.write('sys/class/net/veth0/type', '1\n')
  const nics = await readNics(machine.root)
  assert.deepEqual(
    nics.map(({ name, bus, place, driver, isWireless, iommuMates }) => {
      return [name, bus, place, driver, isWireless, iommuMates]
    }),
    [
      ['end0', 'other', 'platform/fd580000.ethernet', null, false, null],
      ['enp1s0f0', 'pci', '0000:01:00.0', 'igc', false, ['0000:01:00.1']],
      // It would read and write past the IOMMU.
      ['ens3', 'pci', '0000:00:03.0', 'virtio-pci', false, null],
      ['enx1', 'usb', 'pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0', null, false, null],
      ['wlan0', 'other', 'platform/radio', null, true, null],
    ],
  )
  const platform = `${'0'.repeat(33)}1${'0'.repeat(30)}`
  machine.write(`${virtio}/features`, `${platform}\n`)
  const again = (await readNics(machine.root)).find(({ name }) => name === 'ens3')
  assert.deepEqual(again?.iommuMates, [])
})

test('memory, CPUs and hugepages', async (context) => {
  const machine = new Machine(context)
  machine.write('proc/meminfo', 'MemTotal:        2014736 kB\nMemFree: 1 kB\n')
  machine.write('sys/devices/system/cpu/online', '0-1,3\n')
  assert.equal(await readMemoryMb(machine.root), 1967)
  assert.deepEqual(await readCpus(machine.root), [0, 1, 3])
  const pages = 'sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'
  machine.write(pages, '0\n')
  assert.equal(await reserveHugepages(64, machine.root), 64)
  // What somebody has reserved beyond that stays theirs.
  machine.write(pages, '200\n')
  assert.equal(await reserveHugepages(64, machine.root), 200)
  assert.equal(machine.read(pages), '200\n')
})

test('nothing is bound without an IOMMU, or where there is nothing; what has vfio-pci already is left', async (context) => {
  const machine = new Machine(context)
  machine.pci('0000:01:00.0', ethernet, 'igc', null)
  machine.pci('0000:02:00.0', ethernet, 'vfio-pci', '2')
  machine.pci('0000:03:00.0', '0x010802', 'vfio-pci', '3')
  const bindings = await bindDevices(['0000:01:00.0', '0000:09:00.0', '0000:02:00.0'], machine.root)
  assert.match(bindings[0]!.problem ?? '', /no IOMMU .* switch it on/)
  assert.deepEqual(bindings.slice(1), [
    { device: '0000:09:00.0', problem: 'there is no such device' },
    { device: '0000:02:00.0', problem: null },
  ])
  assert.deepEqual(await boundDevices(machine.root), ['0000:02:00.0'])
})

test('a NIC that vfio-pci does not take goes back to its own driver', async (context) => {
  const machine = new Machine(context)
  machine.pci('0000:01:00.0', ethernet, 'igc', '1')
  machine.write('sys/bus/pci/drivers_probe', '')
  machine.write('sys/bus/pci/drivers/igc/unbind', '')
  const [binding] = await bindDevices(['0000:01:00.0'], machine.root)
  assert.equal(binding?.problem, 'vfio-pci does not take it')
  assert.equal(machine.read('sys/bus/pci/devices/0000:01:00.0/driver_override'), '\n')
  assert.equal(machine.read('sys/bus/pci/drivers/igc/unbind'), '0000:01:00.0')
  assert.equal(machine.read('sys/bus/pci/drivers_probe'), '0000:01:00.0')
  assert.deepEqual(await releaseDevices(['0000:01:00.0'], machine.root), [
    { device: '0000:01:00.0', problem: null },
  ])
})
