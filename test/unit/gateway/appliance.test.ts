/** What a configuration asks of an appliance, around the passes of a gateway: NICs, recovery port, resolver, logins. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Appliance, Unsettled } from '../../../firmware/host/appliance/appliance.ts'
import { resolverText } from '../../../firmware/host/appliance/system.ts'
import type { RecoveryPort, WantedHardware } from '../../../firmware/model/machine-nic.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { openBox } from './box.ts'

class FakeAppliance implements Appliance {
  readonly wanted: WantedHardware[] = []
  unsettled: Unsettled = { lacking: [], leaving: [] }
  port: RecoveryPort | null = null
  servers: readonly string[] = []
  keys: readonly string[] = []

  async settle(wanted: WantedHardware): Promise<Unsettled> {
    this.wanted.push(wanted)
    return this.unsettled
  }

  async release(): Promise<boolean> {
    const isOver = this.unsettled.leaving.length > 0
    this.unsettled = { ...this.unsettled, leaving: [] }
    return isOver
  }

  async recovery(): Promise<RecoveryPort | null> {
    return this.port
  }

  async resolve(servers: readonly string[]): Promise<void> {
    this.servers = servers
  }

  async admit(keys: readonly string[]): Promise<void> {
    this.keys = keys
  }
}

const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}`
const device = 'pmd:0000:01:00.0'

test('NICs for DPDK are asked for before the program, logins and resolver set after', async (context) => {
  const box = await openBox(context)
  const appliance = new FakeAppliance()
  box.appliance = appliance
  box.newDatapath()
  const config = sampleConfig()
  config.lans[1].nic = device
  config.ssh = { keys: [key] }
  config.dns = { servers: ['9.9.9.9'] }
  config.recovery = { nic: 'netdev:enp3s0' }
  await box.write(config)
  await box.start()
  await box.line('gateway ready')
  assert.deepEqual(appliance.wanted[0], {
    devices: ['0000:01:00.0'],
    recovery: { nic: 'enp3s0', address: '192.168.127.1/24' },
  })
  assert.deepEqual(appliance.keys, [key])
  assert.deepEqual(appliance.servers, ['9.9.9.9'])
})

test('a NIC that DPDK cannot have costs its port alone, and status says what to do', async (context) => {
  const box = await openBox(context)
  const appliance = new FakeAppliance()
  appliance.unsettled = { lacking: ['0000:01:00.0'], leaving: [] }
  box.appliance = appliance
  box.newDatapath()
  const config = sampleConfig()
  config.lans[1].nic = device
  await box.write(config)
  const gateway = await box.start()
  await box.line('gateway ready')
  const { problems, isHealthy } = gateway.status()
  assert.equal(isHealthy, false)
  assert.ok(
    problems.some((one) => /0000:01:00\.0 is not there for DPDK: write its netdev: name/.test(one)),
  )
})

test('a NIC that DPDK gives back is no missing one: its port opens when the kernel has it', async (context) => {
  const box = await openBox(context)
  const appliance = new FakeAppliance()
  const nic = { name: 'enp9s0', mac: '02:00:00:00:00:09', place: '0000:09:00.0' }
  const more = { bus: 'pci', driver: 'vfio-pci', isWireless: false, iommuMates: [] } as const
  appliance.unsettled = { lacking: [], leaving: [{ ...nic, ...more }] }
  box.appliance = appliance
  box.newDatapath()
  const config = sampleConfig()
  config.lans[1].nic = 'netdev:enp9s0'
  await box.write(config)
  const gateway = await box.start()
  await box.line('NIC missing')
  assert.ok(appliance.wanted.length >= 2, 'it did not look again once the NIC was given back')
  assert.ok(gateway.status().problems.some((one) => one === 'NIC enp9s0 is missing'))
})

test('three servers are what a resolver takes notice of', () => {
  const text = resolverText(['192.0.2.1', '192.0.2.2', '2001:db8::3', '192.0.2.4'])
  assert.deepEqual(text.match(/^nameserver .*$/gm), [
    'nameserver 192.0.2.1',
    'nameserver 192.0.2.2',
    'nameserver 2001:db8::3',
  ])
  assert.doesNotMatch(resolverText([]), /nameserver/)
})
