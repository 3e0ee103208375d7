/** A machine that is no appliance: whatever it is like, it is its administrator's. */
import type { Appliance } from './appliance.ts'

export function noAppliance(): Appliance {
  return {
    settle: async () => ({ lacking: [], leaving: [] }),
    release: async () => false,
    recovery: async () => null,
    resolve: async () => {},
    admit: async () => {},
  }
}
