/** Roles that a box guesses for its NICs, on machines as they are sold, and the first configuration that comes of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import { renderConfig } from '../../../firmware/host/config/render.ts'
import type { MachineNic } from '../../../firmware/model/machine-nic.ts'
import {
  factoryConfigOf,
  guessRoles,
  pciDevicesOf,
  pmdCapable,
  rolesText,
  sameNics,
} from '../../../firmware/plan/prepare-nics.ts'

let macs = 0
const nic = (name: string, place: string, more: Partial<MachineNic> = {}): MachineNic => ({
  name,
  mac: `02:00:00:00:00:${(macs++ % 256).toString(16).padStart(2, '0')}`,
  bus: /^[0-9a-f]{4}:/.test(place) ? 'pci' : 'other',
  place,
  driver: 'igc',
  isWireless: false,
  iommuMates: [],
  ...more,
})

const noIommu = { iommuMates: null }
/** A fanless box of four Intel ports, each in a group of its own. */
const fourPorts = [1, 2, 3, 4].map((at) => nic(`enp${at}s0`, `0000:0${at}:00.0`))
const usb = nic('enx00e04c680001', 'pci0000:00/usb1/1-2/1-2:1.0', {
  bus: 'usb',
  driver: 'r8152',
  iommuMates: null,
})
const radio = nic('wlp5s0', '0000:05:00.0', { driver: 'iwlwifi', isWireless: true })

interface Told {
  readonly wan: string | null
  readonly lans: readonly string[]
  readonly recovery: string | null
}

const told = (nics: readonly MachineNic[]): Told => {
  const { wan, lans, recovery } = guessRoles(nics)
  return {
    wan: wan?.name ?? null,
    lans: lans.map(({ name }) => name),
    recovery: recovery?.name ?? null,
  }
}

const machines: readonly [what: string, nics: readonly MachineNic[], roles: Told][] = [
  ['no NIC at all', [], { wan: null, lans: [], recovery: null }],
  [
    'a rented machine with one',
    [nic('ens3', '0000:00:03.0', { driver: 'virtio-pci' })],
    { wan: null, lans: ['ens3'], recovery: null },
  ],
  ['two ports', fourPorts.slice(0, 2), { wan: 'enp1s0', lans: ['enp2s0'], recovery: null }],
  ['three ports', fourPorts.slice(0, 3), { wan: 'enp1s0', lans: ['enp2s0'], recovery: 'enp3s0' }],
  [
    'four ports, told in another order, with a radio',
    [radio, ...fourPorts.toReversed()],
    { wan: 'enp1s0', lans: ['enp2s0', 'enp3s0'], recovery: 'enp4s0' },
  ],
  [
    'six ports, two of them of a card with a greater bus number',
    [
      nic('enp16s0f1', '0000:10:00.1'),
      nic('enp16s0f0', '0000:10:00.0'),
      ...[0, 1, 2, 3].map((at) => nic(`eno${at + 1}`, `0000:02:00.${at}`, { driver: 'igb' })),
    ],
    { wan: 'eno1', lans: ['eno2', 'eno3', 'eno4', 'enp16s0f0'], recovery: 'enp16s0f1' },
  ],
  [
    'a board with one port and another one by USB',
    [nic('end0', 'platform/fd580000.ethernet', { driver: 'bcmgenet', ...noIommu }), usb],
    { wan: 'end0', lans: [usb.name], recovery: null },
  ],
  [
    'two ports, and a modem by USB',
    [...fourPorts.slice(0, 2), usb],
    { wan: 'enp1s0', lans: ['enp2s0'], recovery: null },
  ],
  [
    'an ARM board with three of its own',
    ['eth2', 'eth0', 'eth1'].map((name) =>
      nic(name, `platform/soc/${name.at(-1)}0000.ethernet`, { driver: 'mvneta', ...noIommu }),
    ),
    { wan: 'eth0', lans: ['eth1'], recovery: 'eth2' },
  ],
  ['a radio alone', [radio], { wan: null, lans: [], recovery: null }],
]

for (const [what, nics, roles] of machines) {
  test(`roles: ${what}`, () => assert.deepEqual(told(nics), roles))

  test(`the first configuration is sound, whole and the same as text: ${what}`, () => {
    const config = factoryConfigOf(guessRoles(nics), nics)
    assert.equal(config === null, roles.lans.length === 0 && roles.wan === null)
    if (config === null) return
    const text = renderConfig(config, 'made')
    assert.deepEqual(parseDeviceConfig(text), { config, errors: [], migratedFrom: null })
    assert.deepEqual(config.lans[0]?.address, ['192.168.77.1/24'])
    assert.equal(
      config.recovery?.nic,
      roles.recovery === null ? undefined : `netdev:${roles.recovery}`,
    )
  })
}

test('a NIC behind an IOMMU whose driver DPDK has is given to DPDK; the recovery port never is', () => {
  const config = factoryConfigOf(guessRoles(fourPorts), fourPorts)!
  assert.deepEqual(
    [...config.uplinks, ...config.lans].map((port) => port.nic),
    ['pmd:0000:01:00.0', 'pmd:0000:02:00.0', 'pmd:0000:03:00.0'],
  )
  assert.equal(config.recovery?.nic, 'netdev:enp4s0')
  assert.deepEqual(pciDevicesOf(config), ['0000:01:00.0', '0000:02:00.0', '0000:03:00.0'])
})

test('without an IOMMU, or with a driver that DPDK has not, all stay with the kernel', () => {
  const plain = fourPorts.map((one) => ({ ...one, ...noIommu }))
  const realtek = fourPorts.map((one) => ({ ...one, driver: 'r8169' }))
  for (const nics of [plain, realtek]) {
    const config = factoryConfigOf(guessRoles(nics), nics)!
    assert.deepEqual(pciDevicesOf(config), [])
    assert.equal(config.uplinks[0]!.nic, 'netdev:enp1s0')
  }
})

test('a group goes to DPDK as a whole or not at all', () => {
  const [one, two, three, four] = fourPorts as [MachineNic, MachineNic, MachineNic, MachineNic]
  const sharing = (nic: MachineNic, mates: readonly string[]): MachineNic => ({
    ...nic,
    iommuMates: mates,
  })
  const ours = [sharing(one, [two.place]), sharing(two, [one.place]), three, four]
  assert.deepEqual([...pmdCapable(ours, [four])], [one.place, two.place, three.place])
  const withDisk = [
    sharing(one, ['0000:00:17.0', two.place]),
    sharing(two, [one.place]),
    three,
    four,
  ]
  assert.deepEqual([...pmdCapable(withDisk, [four])], [three.place])
  const withRecovery = [one, two, sharing(three, [four.place]), sharing(four, [three.place])]
  assert.deepEqual([...pmdCapable(withRecovery, [four])], [one.place, two.place])
})

test('NICs that came, went or changed places are others; their order in sysfs means nothing', () => {
  assert.equal(sameNics(fourPorts, fourPorts.toReversed()), true)
  assert.equal(sameNics(fourPorts, fourPorts.slice(1)), false)
  assert.equal(
    sameNics(fourPorts, [{ ...fourPorts[0]!, mac: '02:ff:00:00:00:01' }, ...fourPorts.slice(1)]),
    false,
  )
})

test('who stands before the box is told which socket is what', () => {
  const nics = [...fourPorts, radio]
  assert.equal(
    rolesText(guessRoles(nics)),
    'enp1s0 leads to the Internet; enp2s0, enp3s0: LAN; enp4s0 is the recovery port; not used: wlp5s0',
  )
  assert.match(rolesText(guessRoles(fourPorts.slice(0, 1))), /only NIC: its uplink is VLAN 2/)
  assert.equal(rolesText(guessRoles([])), 'there is no NIC')
})
