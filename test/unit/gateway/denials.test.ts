/** Denials as the gateway tells them: a line each, and the last hundred. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Denials } from '../../../firmware/gateway/denials.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'
import type { LogFields } from '../../../firmware/host/system/log.ts'
import type { Denial } from '../../../firmware/model/program.ts'

const denial = (sourcePort: number): Denial => ({
  source: '10.1.0.10',
  destination: '10.2.0.10',
  sourcePort,
  destinationPort: 443,
  protocol: 6,
  reason: 'acl',
  suppressed: 3,
  segment: 'office',
  toSegment: 'cameras',
  rule: 'no-web',
})

test('a denial is one line with the fields of its flow, and is kept for who asks', () => {
  const clock = virtualClock()
  const lines: [LogFields, string][] = []
  const write = (fields: LogFields, message: string): void => void lines.push([fields, message])
  const denials = new Denials(clock, { info: write, warn: write, error: write })

  denials.take({ kind: 'denied', peer: '', denial: { ...denial(1), rule: '' } })
  assert.deepEqual(lines, [
    [
      {
        source: '10.1.0.10',
        destination: '10.2.0.10',
        sourcePort: 1,
        destinationPort: 443,
        protocol: 6,
        reason: 'acl',
        suppressed: 3,
        segment: 'office',
        toSegment: 'cameras',
      },
      'packet denied',
    ],
  ])
  denials.take({ kind: 'links' })
  denials.take({ kind: 'wanted', peer: 'far' })
  assert.equal(lines.length, 1)
  for (let port = 2; port <= 200; port++) {
    denials.take({ kind: 'denied', peer: 'far', denial: denial(port) })
  }
  const recent = denials.recent()
  assert.equal(recent.length, 100, 'bounded')
  assert.deepEqual(recent[0], { ...denial(200), peer: 'far', ageMs: 0 })
  assert.equal(recent.at(-1)?.sourcePort, 101)
})
