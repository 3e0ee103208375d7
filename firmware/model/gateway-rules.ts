/** The rules for the gateways of uplinks, as a device configuration gives them. */
import {
  type Address,
  contains,
  formatAddress,
  type InterfaceAddress,
  isHostOf,
  isLinkLocal,
  parseAddress,
} from './address.ts'
import type { Refuse } from './config-rule.ts'
import type { Located } from './device-config-parts.ts'
import type { Uplink } from './device-config-uplink.ts'

/** @param sound the addresses of each uplink, by its place, without those that are refused */
export function checkGateways(
  uplinks: readonly Located<Uplink>[],
  sound: ReadonlyMap<string, readonly InterfaceAddress[]>,
  refuse: Refuse,
): void {
  const taken = new Set([...sound.values()].flat().map(({ address }) => formatAddress(address)))
  for (const uplink of uplinks) checkUplink(uplink, sound.get(uplink.at) ?? [], taken, refuse)
}

/** @param taken those of all uplinks */
function checkUplink(
  { at, part }: Located<Uplink>,
  addresses: readonly InterfaceAddress[],
  taken: ReadonlySet<string>,
  refuse: Refuse,
): void {
  for (const field of ['gateway', 'gateway6'] as const) {
    const text = part[field]
    const path = `${at}/${field}`
    const family = field === 'gateway' ? 4 : 6
    if (text === undefined) continue
    if (part.address === 'dhcp') {
      refuse(
        'gateway-by-dhcp',
        path,
        'comes from the network with dhcp: leave it out, or give addresses',
      )
      continue
    }
    const gateway = parseAddress(text)
    if (gateway?.family !== family) {
      const example = family === 4 ? '192.0.2.1' : '2001:db8::1 or fe80::1'
      refuse(`${field}-form`, path, `must be an IPv${family} address like ${example}`)
      continue
    }
    const own = addresses.filter((address) => address.family === family)
    // Without a good address there is nothing to compare with, and that has been said.
    if (addresses.length < part.address.length) continue
    if (!isNextTo(gateway, own)) {
      refuse(`${field}-near`, path, 'is no other host on a network of this uplink')
    } else if (taken.has(formatAddress(gateway))) {
      refuse(`${field}-near`, path, "is this device's own, on another uplink")
    }
  }
}

function isNextTo(gateway: Address, own: readonly InterfaceAddress[]): boolean {
  if (gateway.family === 6 && isLinkLocal(gateway)) return own.length > 0
  return own.some(
    (one) =>
      contains(one, gateway) && isHostOf(one, gateway) && one.address.value !== gateway.value,
  )
}
