/** How the firewall treats the overlay's ports, and those of STUN. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import type { HostState } from '../../../firmware/model/host-state.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { breakoutPorts, sprayPortOf } from '../../../firmware/plan/overlay-port.ts'
import { sampleConfig, sampleNics } from '../model/sample-config.ts'

const facts = {
  mac1Keys: [],
  nicNetns: 'causeway-test',
  nics: sampleNics,
  leases: [],
  withheld: [],
}
const sample = (): DeviceConfig => sampleConfig() as DeviceConfig

/** The rules of a chain. */
function chainOf({ firewall }: HostState, name: string): string[] {
  const text = firewall.text.split(`chain ${name} {\n`)[1]!.split('\n  }')[0]!
  return text.split('\n').map((line) => line.trim())
}

test('more overlay ports are open and untracked like the first; a hub’s STUN port too, at a rate', () => {
  const { host } = compile({ ...sample(), overlay: { port: 51820, ports: [443, 30_000] } }, facts)
  assert.ok(chainOf(host, 'from_uplink').includes('udp dport { 51820, 443, 30000 } accept'))
  assert.match(chainOf(host, 'raw_in').at(-1)!, /udp dport \{ 51820, 443, 30000 \} notrack$/)
  assert.match(chainOf(host, 'raw_out').at(-1)!, /udp sport \{ 51820, 443, 30000 \} notrack$/)
  assert.match(host.firewall.text, /udp masquerade to :3479-29999/)
  assert.doesNotMatch(host.firewall.text, /3478/)
  const hub = compile({ ...sample(), overlay: { port: 51820, relay: {} } }, facts).host
  const rules = chainOf(hub, 'from_uplink').filter((rule) => rule.includes('3478'))
  assert.match(rules[0]!, /^udp dport 3478 limit rate over 1000.* counter name limited_stun drop$/)
  assert.deepEqual(rules.slice(1), ['udp dport 3478 accept'])
  assert.match(chainOf(hub, 'raw_in').at(-1)!, /udp dport \{ 51820, 3478 \} notrack$/)
})

test('what breaks out keeps off the ports of the overlay and of its tests', () => {
  const port = fc.integer({ min: 1024, max: 65_535 })
  fc.assert(
    fc.property(port, fc.array(port, { maxLength: 4 }), (own, ports) => {
      const [first, last] = breakoutPorts({ port: own, ports })
      assert.ok(last - first >= 9_000)
      const isInside = (one: number): boolean => one >= first && one <= last
      assert.ok(![own, ...ports, 3478, 61_000, 61_063].some(isInside))
      const spray = sprayPortOf({ port: own, ports })
      assert.ok(spray === 0 || !(isInside(spray) || isInside(spray + 255)))
    }),
  )
})
