/** Prefixes that were withdrawn: how long they stay kept from the uplinks, and where it is seen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceConfig } from '../../../firmware/model/device-config.ts'
import { compile } from '../../../firmware/plan/compile.ts'
import { withhold, withholdMs } from '../../../firmware/plan/withheld.ts'
import { sampleConfig, sampleNics } from '../model/sample-config.ts'

const facts = { mac1Keys: [], nicNetns: 'causeway-test', nics: sampleNics, leases: [] }
const sample = (): DeviceConfig => sampleConfig() as DeviceConfig

test('a prefix that was inside stays kept for a time, unless the configuration has it outside', () => {
  const before = { inside: ['10.0.0.0/16', '10.9.0.0/16', 'fd00:2::/48'], withheld: [] }
  const first = withhold(before, ['10.9.0.0/16'], sample(), [], 1000)
  const until = 1000 + withholdMs
  assert.deepEqual(first, [
    { prefix: '10.0.0.0/16', untilMs: until },
    { prefix: 'fd00:2::/48', untilMs: until },
  ])
  const later = { inside: ['10.9.0.0/16'], withheld: first }
  assert.deepEqual(withhold(later, ['10.9.0.0/16'], sample(), [], until - 1), first)
  assert.deepEqual(withhold(later, ['10.9.0.0/16'], sample(), [], until), [])
  // Inside again: nothing to withhold.
  assert.deepEqual(
    withhold(later, ['10.0.0.0/16', 'fd00:2::/48', '10.9.0.0/16'], sample(), [], 2000),
    [],
  )
  const [wan] = sample().uplinks
  const outside = {
    ...sample(),
    uplinks: [{ ...wan!, address: ['10.0.3.2/24'], gateway: '10.0.3.1' }],
  }
  assert.deepEqual(
    withhold(later, [], outside, [], 2000)
      .map(({ prefix }) => prefix)
      .toSorted(),
    ['10.9.0.0/16', 'fd00:2::/48'],
  )
  // A lease that was refused for a prefix of a peer, and whose peer has gone or given it up since.
  assert.deepEqual(
    withhold(later, [], sample(), ['10.0.3.77/24'], 2000).map(({ prefix }) => prefix),
    ['fd00:2::/48', '10.9.0.0/16'],
  )
  const { routes, firewall } = compile(sample(), { ...facts, withheld: ['10.77.0.0/16'] }).host
  assert.ok(routes.some(({ prefix, kind }) => prefix === '10.77.0.0/16' && kind === 'unreachable'))
  assert.match(firewall.text, /set inside4 \{[^}]*10\.77\.0\.0\/16/)
})
