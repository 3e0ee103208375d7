/** The rules of a device configuration about the box itself: its recovery port lies apart from all that can fail with the rest. */
import { isGlobal, isHostOf, overlaps, parseInterfaceAddress } from './address.ts'
import type { Refuse } from './config-rule.ts'
import { recoveryAddress } from './device-config-box.ts'
import type { Parts } from './device-config-parts.ts'
import { staticAddresses } from './device-config-uplink.ts'
import { deviceOf } from './nic.ts'

const longestBits = 30

export function checkBox({ recovery, uplinks, lans }: Parts, refuse: Refuse): void {
  if (recovery === null || recovery.nic === 'none') return
  const { nic, address: text = recoveryAddress } = recovery
  const ports = [...uplinks, ...lans]
  const user = ports.find(({ part }) => deviceOf(part.nic) === nic)
  if (user !== undefined) refuse('recovery-nic-free', '/recovery/nic', `is that of ${user.at}`)
  const own = parseInterfaceAddress(text)
  const path = '/recovery/address'
  const isHost = own !== null && isGlobal(own.address) && isHostOf(own, own.address)
  if (!isHost || own.family !== 4 || own.bits > longestBits) {
    refuse('recovery-address', path, `must be a host of an IPv4 network, like ${recoveryAddress}`)
    return
  }
  const met = ports.find(({ part }) =>
    staticAddresses(part).some((one) => {
      const other = parseInterfaceAddress(one)
      return other !== null && overlaps(own, other)
    }),
  )
  if (met !== undefined) refuse('recovery-apart', path, `overlaps with a network of ${met.at}`)
}
