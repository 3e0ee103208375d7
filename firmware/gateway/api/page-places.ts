/** Where the page of the box is found, and by which names: the LANs of admins, and the recovery port, which no configuration closes. */
import type { DeviceConfig } from '../../model/device-config.ts'
import type { RecoveryPort } from '../../model/machine-nic.ts'
import { lanApiAddresses } from '../../plan/lan-api.ts'
import { ownNames } from './origin.ts'

export interface PagePlaces {
  readonly addresses: readonly string[]
  readonly names: ReadonlySet<string>
}

export function pagePlaces(
  config: DeviceConfig | null,
  absentNics: readonly string[],
  recovery: RecoveryPort | null,
): PagePlaces {
  const last = recovery === null ? [] : [recovery.address.split('/')[0]!]
  const addresses = [...new Set([...lanApiAddresses(config, absentNics), ...last])]
  return {
    addresses,
    names: ownNames(addresses, config?.site ?? null, config?.dns?.domain ?? null),
  }
}
