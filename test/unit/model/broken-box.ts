/** What broken-config.ts has of the box itself, its recovery port: rule, place, and what is set there. */
import type { ConfigRule } from '../../../firmware/model/config-rule.ts'

export const brokenBoxes: readonly (readonly [ConfigRule, string, unknown])[] = [
  ['recovery-nic-free', '/recovery/nic', 'netdev:enp2s0'],
  ['recovery-address', '/recovery/address', '192.168.127.0/24'],
  ['recovery-address', '/recovery/address', 'fd00:9::1/64'],
  ['recovery-address', '/recovery/address', '127.0.0.9/24'],
  ['recovery-address', '/recovery/address', '192.168.127.1/32'],
  ['recovery-apart', '/recovery/address', '10.1.0.9/16'],
]
