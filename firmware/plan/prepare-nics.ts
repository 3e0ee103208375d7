/**
 * Which NIC of a machine is what, as long as nobody has said so: by the order on its buses, so that a person with the box in the
 * hand can tell. Pure. The first leads to the Internet, the others are LANs, and of three or more the last is the recovery port,
 * which stays with the kernel whatever happens.
 */
import type { DeviceConfig } from '../model/device-config.ts'
import { recoveryAddress } from '../model/device-config-box.ts'
import type { MachineNic } from '../model/machine-nic.ts'
import { deviceOf, interfaceOf, kindOf } from '../model/nic.ts'

export interface NicRoles {
  readonly wan: MachineNic | null
  readonly lans: readonly MachineNic[]
  readonly recovery: MachineNic | null
  /** Names of those that nothing is made of: a radio, what is plugged into USB, what finds no place. */
  readonly left: readonly string[]
}

/**
 * Drivers of the kernel whose NICs DPDK drives as well, with what is linked in native/meson.build. Those of which it drives some
 * models alone (e1000, e1000e), or only with a package that the image has not (ice), are left to the kernel: a box that guesses must not guess
 * wrong.
 */
const pmdDrivers: ReadonlySet<string> = new Set([
  ...['igb', 'igbvf', 'igc', 'ixgbe', 'ixgbevf', 'i40e', 'iavf', 'ena', 'vmxnet3'],
  ...['virtio-pci', 'virtio_net'],
])
const busOrder = ['pci', 'other', 'usb'] as const
/** 192.168.77.0/24 and on: nobody's default elsewhere, as far as we know. */
const firstLanNet = 77
/** Two hundred LANs at one box are none's. */
const mostLans = 16

/** Pure order: buses, then places on them, numbers by their value. */
export function inBusOrder(nics: readonly MachineNic[]): MachineNic[] {
  const rank = ({ bus }: MachineNic): number => busOrder.indexOf(bus)
  return nics.toSorted(
    (one, other) =>
      rank(one) - rank(other) ||
      one.place.localeCompare(other.place, 'en', { numeric: true }) ||
      one.name.localeCompare(other.name, 'en', { numeric: true }),
  )
}

export function guessRoles(nics: readonly MachineNic[]): NicRoles {
  const wired = inBusOrder(nics.filter(({ isWireless }) => !isWireless))
  const builtIn = wired.filter(({ bus }) => bus !== 'usb')
  // What is plugged in may be a modem, and is gone tomorrow: it counts where the box would have no second one.
  const usable = builtIn.length >= 2 ? builtIn : wired
  const hasRecovery = builtIn.length >= 3
  const recovery = hasRecovery ? usable.at(-1)! : null
  const rest = hasRecovery ? usable.slice(0, -1) : usable
  const [first = null] = rest
  // One alone is where people are: without a page there would be no way to say anything.
  const isAlone = rest.length === 1
  const lans = (isAlone ? rest : rest.slice(1)).slice(0, mostLans)
  const wan = isAlone ? null : first
  const placed = new Set([wan, recovery, ...lans].map((nic) => nic?.name))
  const left = nics.map(({ name }) => name).filter((name) => !placed.has(name))
  return { wan, lans, recovery, left }
}

/**
 * PCI addresses of NICs that DPDK may drive: it has a driver, an IOMMU stands between them and memory, and nothing that stays with
 * the kernel shares their group.
 * @param staying those that must not leave the kernel
 */
export function pmdCapable(
  nics: readonly MachineNic[],
  staying: readonly MachineNic[],
): ReadonlySet<string> {
  const stays = new Set(staying.map(({ place }) => place))
  const able = new Map(
    nics
      .filter(({ bus, driver, place }) => bus === 'pci' && !stays.has(place) && isDriven(driver))
      .flatMap(({ place, iommuMates }) => (iommuMates === null ? [] : [[place, iommuMates]])),
  )
  // Each that falls takes its group along.
  for (let count = -1; count !== able.size; ) {
    count = able.size
    for (const [place, mates] of able) if (mates.some((mate) => !able.has(mate))) able.delete(place)
  }
  return new Set(able.keys())
}

function isDriven(driver: string | null): boolean {
  return driver !== null && pmdDrivers.has(driver)
}

/** What a blank box runs. Null: it has no NIC at all. */
export function factoryConfigOf(roles: NicRoles, nics: readonly MachineNic[]): DeviceConfig | null {
  const { wan, lans, recovery } = roles
  const [alone] = lans
  const outer = wan ?? alone
  if (outer === undefined) return null
  const able = pmdCapable(nics, recovery === null ? [] : [recovery])
  const written = ({ bus, place, name }: MachineNic): string =>
    bus === 'pci' && able.has(place) ? `pmd:${place}` : `netdev:${name}`
  return {
    version: 1,
    revision: 0,
    site: 'blank',
    tenant: '00000000-0000-4000-8000-000000000000',
    overlay: { port: 51820 },
    uplinks: [
      {
        name: 'wan0',
        nic: written(outer),
        // Of one NIC both are made: a switch before it may bring the provider by a tag.
        ...(wan === null ? { vlan: loneUplinkVlan } : {}),
        address: 'dhcp',
      },
    ],
    segments: [{ name: 'office', vni: 100, breakout: true, admin: true }],
    lans: lans.map((nic, index) => {
      const net = `192.168.${firstLanNet + index}`
      return {
        name: `lan${index}`,
        nic: written(nic),
        segment: 'office',
        address: [`${net}.1/24`],
        dhcp: { from: `${net}.50`, to: `${net}.250` },
      }
    }),
    peers: [],
    ...(recovery === null
      ? {}
      : { recovery: { nic: `netdev:${recovery.name}`, address: recoveryAddress } }),
  }
}

export const loneUplinkVlan = 2

/** PCI addresses, in full, of the devices that a configuration gives to DPDK. Others of DPDK's (rings, files) are not bound. */
export function pciDevicesOf({ uplinks, lans }: Pick<DeviceConfig, 'uplinks' | 'lans'>): string[] {
  const devices = [...uplinks, ...lans]
    .filter(({ nic }) => kindOf(nic) === 'pmd')
    .map(({ nic }) => interfaceOf(deviceOf(nic)))
  return [...new Set(devices)].filter((device) =>
    /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/.test(device),
  )
}

/** Whether a guess of before still stands: by the places and MACs of all. */
export function sameNics(one: readonly MachineNic[], other: readonly MachineNic[]): boolean {
  const text = (nics: readonly MachineNic[]): string =>
    JSON.stringify(
      inBusOrder(nics).map(({ name, mac, place, iommuMates }) => [name, mac, place, iommuMates]),
    )
  return text(one) === text(other)
}

/** For whoever stands before the box: which socket is what. */
export function rolesText({ wan, lans, recovery, left }: NicRoles): string {
  const said = [
    wan === null ? null : `${wan.name} leads to the Internet`,
    lans.length === 0 ? null : `${lans.map(({ name }) => name).join(', ')}: LAN`,
    wan === null && lans.length > 0
      ? `this is the only NIC: its uplink is VLAN ${loneUplinkVlan} of it`
      : null,
    recovery === null ? null : `${recovery.name} is the recovery port`,
    left.length === 0 ? null : `not used: ${left.join(', ')}`,
  ].filter((text) => text !== null)
  return said.length === 0 ? 'there is no NIC' : said.join('; ')
}
