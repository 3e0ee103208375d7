/** Which port is the recovery port, and what dnsmasq is told for it. Pure. RFC 2131; dnsmasq(8). */
import { formatAddress, parseInterfaceAddress } from '../model/address.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { recoveryAddress } from '../model/device-config-box.ts'
import type { RecoveryPort } from '../model/machine-nic.ts'
import { deviceOf, interfaceOf } from '../model/nic.ts'

/** So many addresses are lent at most: who comes with a laptop is alone. */
const mostLent = 16
const leaseSeconds = 120

/**
 * @param config the one in force
 * @param factory what the box made of its NICs: what holds where the configuration says nothing
 */
export function recoveryPortOf(
  config: DeviceConfig | null,
  factory: DeviceConfig | null,
): RecoveryPort | null {
  const said = config?.recovery ?? factory?.recovery
  if (said === undefined || said.nic === 'none') return null
  const ports = config === null ? [] : [...config.uplinks, ...config.lans]
  if (ports.some(({ nic }) => deviceOf(nic) === said.nic)) return null
  return { nic: interfaceOf(said.nic), address: said.address ?? recoveryAddress }
}

/** The addresses behind the box's own, or before it where there are none. */
function lentBy(address: string): { readonly from: string; readonly to: string } | null {
  const own = parseInterfaceAddress(address)
  if (own === null || own.family !== 4) return null
  const last = own.network + (1n << BigInt(32 - own.bits)) - 2n
  const value = own.address.value
  const isRoom = value < last
  const from = isRoom ? value + 1n : own.network + 1n
  const most = BigInt(mostLent - 1)
  const to = isRoom ? min(from + most, last) : min(from + most, value - 1n)
  if (from > to) return null
  return {
    from: formatAddress({ family: 4, value: from }),
    to: formatAddress({ family: 4, value: to }),
  }
}

function min(one: bigint, other: bigint): bigint {
  return one < other ? one : other
}

/** No DNS and no way out: whoever is there reaches the box alone. */
export function recoveryDnsmasq({ nic, address }: RecoveryPort): string {
  const lent = lentBy(address)
  const range = lent === null ? [] : [`dhcp-range=${lent.from},${lent.to},${leaseSeconds}`]
  return [
    '# Made by Causeway; changes are lost.',
    'port=0',
    'bind-dynamic',
    'no-resolv',
    'no-hosts',
    'no-ping',
    'leasefile-ro',
    `interface=${nic}`,
    'except-interface=lo',
    ...range,
    // Without a router and a server a laptop keeps its own way to the Internet.
    'dhcp-option=option:router',
    'dhcp-option=option:dns-server',
    '',
  ].join('\n')
}
