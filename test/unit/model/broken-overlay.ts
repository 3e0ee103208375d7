/** What broken-config.ts has of the overlay's own rules: rule, place, and what is set there. */
import type { ConfigRule } from '../../../firmware/model/config-rule.ts'

export const brokenOverlays: readonly (readonly [ConfigRule, string, unknown])[] = [
  ['overlay-port-once', '/overlay/ports/1', 443],
  ['overlay-port-once', '/overlay/ports/0', 51820],
  ['overlay-port-free', '/overlay/ports/0', 68],
  ['overlay-port-free', '/overlay/ports/1', 3478],
  ['overlay-port-free', '/overlay/port', 3478],
  ['overlay-port-free', '/overlay/port', 61_000],
  ['overlay-port-free', '/overlay/ports/0', 61_063],
  ['stun-form', '/overlay/stun/0', 'stun.example.com:3478'],
  ['stun-form', '/overlay/stun/0', '203.0.113.5'],
  ['stun-routable', '/overlay/stun/0', '127.0.0.1:3478'],
  ['stun-routable', '/overlay/stun/1', '[100::5]:3478'],
  ['stun-once', '/overlay/stun/1', '203.0.113.5:3478'],
  ['stun-other', '/overlay/stun/0', '192.0.2.2:3478'],
  ['stun-outside', '/overlay/stun/0', '10.1.0.9:3478'],
  ['stun-outside', '/overlay/stun/1', '[fd00::9]:3478'],
]
