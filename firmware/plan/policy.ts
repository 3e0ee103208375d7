/** How flows are steered, spelt out for the datapath. Pure. */
import type { PolicyProgram } from '../model/policy-program.ts'

/** Of what no other policy fits. */
export const defaultPolicy: PolicyProgram = {
  name: 'default',
  lossPpm: null,
  latencyUs: null,
  jitterUs: null,
  metered: 'last',
  kinds: ['internet', 'private'],
  isStrict: false,
  isSpread: false,
  isBreakoutDenied: false,
  prefer: [],
}
