/** What the gateway asks of an appliance's units, on a machine in a folder whose unit does as it is told, or does not. */
import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readImageFacts } from '../../../firmware/host/appliance/facts.ts'
import { openAppliance } from '../../../firmware/host/appliance/system.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import type { HardwareOrder } from '../../../firmware/model/machine-nic.ts'

const device = '0000:01:00.0'

function world(context: TestContext, obeys = true) {
  const root = mkdtempSync(join(tmpdir(), 'causeway-appliance-'))
  context.after(() => rmSync(root, { recursive: true }))
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  const places = placesOf('main', root)
  const folder = join(root, 'sys/bus/pci/devices', device)
  const drive = (driver: string): void => {
    rmSync(join(folder, 'driver'), { force: true })
    symlinkSync(`../../drivers/${driver}`, join(folder, 'driver'))
  }
  write(join(folder, 'class'), '0x020000\n')
  drive('igc')
  const nic = { name: 'enp1s0', mac: '02:00:00:00:00:01', bus: 'pci', place: device }
  write(
    places.nicInventory,
    JSON.stringify([{ ...nic, driver: 'igc', isWireless: false, iommuMates: [] }]),
  )
  const orders: HardwareOrder[] = []
  let now = 0
  /** As `causeway prepare`. */
  const command = async (argv: readonly string[]): Promise<void> => {
    if (!argv.includes('causeway-prepare.service')) return
    const order = JSON.parse(readFileSync(places.wantedHardware, 'utf8')) as HardwareOrder
    orders.push(order)
    write(places.settledHardware, readFileSync(places.wantedHardware, 'utf8'))
    if (!obeys) return
    if (order.devices.includes(device)) drive('vfio-pci')
    if (order.released.includes(device)) drive('igc')
    if (order.recovery !== null) write(places.recoveryRecord, JSON.stringify(order.recovery))
    else rmSync(places.recoveryRecord, { force: true })
  }
  const nowMs = (): number => {
    now += 100
    return now
  }
  const appliance = openAppliance(places, { nowMs, mostMs: 1_000, root, command })
  const pass = (ms: number): void => {
    now += ms
  }
  return { root, places, appliance, orders, write, pass }
}

test('a NIC is bound once it is wanted, given back once it is not, and nothing is asked for twice', async (context) => {
  const { appliance, orders } = world(context)
  const recovery = { nic: 'enp4s0', address: '192.168.127.1/24' }
  const wanted = { devices: [device], recovery }
  assert.deepEqual(await appliance.settle(wanted), { lacking: [], leaving: [] })
  assert.deepEqual(orders, [{ ...wanted, released: [] }])
  assert.deepEqual(await appliance.recovery(), recovery)
  await appliance.settle(wanted)
  assert.equal(await appliance.release(wanted), false)
  assert.equal(orders.length, 1)
  const none = { devices: [], recovery }
  const { leaving } = await appliance.settle(none)
  assert.deepEqual(
    leaving.map(({ name }) => name),
    ['enp1s0'],
  )
  assert.equal(orders.length, 1, 'a datapath may still hold it')
  assert.equal(await appliance.release(none), true)
  assert.deepEqual(orders[1]?.released, [device])
  assert.deepEqual(await appliance.settle(none), { lacking: [], leaving: [] })
})

test('what is not done in time is lacking, and asked for again after a minute', async (context) => {
  const { appliance, orders, pass } = world(context, false)
  const wanted = { devices: [device], recovery: null }
  for (let round = 0; round < 3; round++) {
    assert.deepEqual((await appliance.settle(wanted)).lacking, [device])
  }
  assert.equal(orders.length, 1)
  pass(60_000)
  await appliance.settle(wanted)
  assert.equal(orders.length, 2)
})

test('the resolver’s file is for every program of the box', async (context) => {
  const { appliance, places } = world(context)
  await appliance.resolve(['192.0.2.53'])
  assert.match(readFileSync(places.resolver, 'utf8'), /^nameserver 192\.0\.2\.53$/m)
  assert.equal(statSync(places.resolver).mode & 0o777, 0o644)
})

test('an image says its version and slot, and what its start did to the data', async (context) => {
  const { root, write } = world(context)
  assert.deepEqual(await readImageFacts(root), { version: null, slot: null, dataNote: null })
  write(join(root, 'etc/os-release'), 'ID=debian\nIMAGE_ID=causeway\nIMAGE_VERSION=0.1.0\n')
  write(join(root, 'proc/cmdline'), 'ro causeway.slot=B panic=10\n')
  write(join(root, 'run/causeway/data-note'), '{"state":"repaired","reason":"e2fsck"}\n')
  const { version, slot, dataNote } = await readImageFacts(root)
  assert.deepEqual([version, slot], ['0.1.0', 'B'])
  assert.match(dataNote ?? '', /damaged and has been repaired \(e2fsck\)/)
  write(join(root, 'run/causeway/data-note'), '{"state":"rene')
  assert.equal((await readImageFacts(root)).dataNote, null)
})
