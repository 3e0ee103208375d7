/**
 * On which addresses the box answers HTTPS: those of LANs whose segment has `admin`, unless the configuration says `off`.
 * Never an uplink's or a segment's: what is none of a LAN's cannot come out of here. Pure.
 */
import type { DeviceConfig } from '../model/device-config.ts'
import { interfaceOf } from '../model/nic.ts'

export type LanApiKind = NonNullable<NonNullable<DeviceConfig['api']>['lan']>

/** What a configuration says, or leaves to us. */
export function lanApiOf(config: DeviceConfig | null): LanApiKind {
  return config === null ? 'off' : (config.api?.lan ?? 'web')
}

/** Without length, sorted; none of a LAN whose NIC is absent: nobody has its addresses. */
export function lanApiAddresses(
  config: DeviceConfig | null,
  absentNics: readonly string[] = [],
): readonly string[] {
  if (config === null || lanApiOf(config) === 'off') return []
  const admins = new Set(config.segments.filter(({ admin }) => admin).map(({ name }) => name))
  return config.lans
    .filter(({ segment, nic }) => admins.has(segment) && !absentNics.includes(interfaceOf(nic)))
    .flatMap(({ address }) => address.map((text) => text.split('/')[0]!))
    .toSorted()
}
