/** What the log says of NATs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { natTeller } from '../../../firmware/gateway/nat/nat-teller.ts'
import type { LogFields } from '../../../firmware/host/system/log.ts'
import type { UplinkNat } from '../../../firmware/model/nat.ts'

const server = { address: '198.51.100.7', port: 51_820 }
const reading: UplinkNat = {
  ...{ uplink: 'wan0', family: 4, local: { address: '192.168.1.2', port: 51_820 } },
  ...{ mapped: { address: '203.0.113.20', port: 40_001 }, mapping: 'address-and-port-dependent' },
  ...{ filtering: 'address-and-port-dependent', portStep: 1, isBlocked: false, testedAtMs: 0 },
  ...{ asked: [server], answered: [server] },
}

test('a NAT is a line when it is found and when it is another; a port that is another each time is none', () => {
  const lines: [string, LogFields][] = []
  const write = (fields: LogFields, message: string): void => void lines.push([message, fields])
  const tell = natTeller({ info: write, warn: write, error: write })
  const elsewhere = (address: string, port: number): UplinkNat => {
    return { ...reading, mapped: { address, port } }
  }
  tell([reading])
  tell([elsewhere('203.0.113.20', 40_007)])
  tell([elsewhere('203.0.113.99', 40_007)])
  const v6 = { ...reading, family: 6 as const }
  tell([elsewhere('203.0.113.99', 40_009), v6])
  tell([{ ...reading, mapped: null, mapping: 'unknown', isBlocked: true, answered: [] }])
  assert.deepEqual(
    lines.map(([message, { uplink, detail }]) => [message, uplink, /\(.*?\)/.exec(detail!)![0]]),
    [
      ['NAT looked at', 'wan0', '(last 203.0.113.20:40001)'],
      ['NAT looked at', 'wan0', '(last 203.0.113.99:40007)'],
      ['NAT looked at', 'wan0', '(last 203.0.113.20:40001)'],
      ['no STUN server answers', 'wan0', '(198.51.100.7)'],
    ],
  )
})
