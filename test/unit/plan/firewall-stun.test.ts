/** How the firewall treats the overlay's ports, and those of STUN. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile } from '../../../firmware/plan/compile.ts'
import { breakoutPorts, sprayPortOf } from '../../../firmware/plan/overlay-port.ts'
import { chainOf, facts, sample } from './firewall-sample.ts'

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

test('answers from where nobody was asked pass by the transaction of a question that left, whatever else floods the ports of tests', () => {
  const { host } = compile(sample(), facts)
  const [set = ''] = /set stun_asked \{[^}]*\}/.exec(host.firewall.text) ?? []
  assert.match(set, /typeof @th,128,96\n.*size 1024\n.*flags dynamic,timeout\n.*timeout 3s\n/)
  const tests = (name: string) => chainOf(host, name).filter((rule) => rule.includes('61000-61063'))
  assert.deepEqual(tests('from_uplink'), [
    'udp dport 61000-61063 @th,96,32 0x2112a442 @th,128,96 @stun_asked accept',
  ])
  assert.match(tests('output').join(), /^oifgroup .* update @stun_asked \{ @th,128,96 \}$/)
  assert.deepEqual(
    host.firewall.text.split('\n').filter((line) => line.includes('61000')).length,
    2,
  )
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
