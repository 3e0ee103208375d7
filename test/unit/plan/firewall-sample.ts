/** What tests of the firewall begin with: the sample configuration, its facts, and the rules of one chain. */
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { HostState } from '../../../firmware/model/host-state.ts'
import { sampleConfig, sampleNics } from '../model/sample-config.ts'

export const facts = {
  mac1Keys: [],
  nicNetns: 'causeway-test',
  nics: sampleNics,
  leases: [],
  withheld: [],
}
export const sample = (): DeviceConfig => sampleConfig() as DeviceConfig

/** The rules of a chain. */
export function chainOf({ firewall }: HostState, name: string): string[] {
  const text = firewall.text.split(`chain ${name} {\n`)[1]!.split('\n  }')[0]!
  return text.split('\n').map((line) => line.trim())
}
