/** Flows as the datapath tells them: a page byte for byte, flags and what is none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeFlows, encodeFlowsAsk } from '../../../firmware/wire/datapath-flows.ts'

interface Parts {
  readonly path: number
  readonly uplink: number
  readonly flags: number
  readonly class: number
}

function record(more: Parts): Buffer {
  const bytes = Buffer.alloc(144)
  Buffer.from('00000000000000000000ffff0a010005', 'hex').copy(bytes, 0)
  Buffer.from('fd000000000000000000000000000001', 'hex').copy(bytes, 16)
  bytes.write('office', 32)
  bytes.write('lisbon', 64)
  bytes.write('calls', 96)
  bytes.writeUInt32LE(1500, 128)
  bytes.writeUInt16LE(50_312, 132)
  bytes.writeUInt16LE(443, 134)
  bytes.set([6, 255, more.class, more.path, more.uplink, more.flags], 136)
  return bytes
}

test('a question is a place and an age', () => {
  assert.equal(encodeFlowsAsk(4096, 60_000).toString('hex'), '0010000060ea0000')
})

test('a page of flows, and where it goes on', () => {
  const head = Buffer.from('0200000000100000', 'hex')
  const none = record({ path: 255, uplink: 255, flags: 7, class: 0 })
  none.fill(0, 64, 96)
  const all = { path: 3, uplink: 1, flags: 0, class: 1 }
  const some = record(all)
  const { flows, next } = decodeFlows(Buffer.concat([head, some, none]))
  assert.equal(next, 4096)
  assert.deepEqual(flows[0], {
    ...{ source: '10.1.0.5', destination: 'fd00::1', sourcePort: 50_312, destinationPort: 443 },
    ...{ segment: 'office', idleMs: 1500, protocol: 6, packets: 255, peer: 'lisbon' },
    ...{ policy: 'calls', class: 'voice', path: 3, uplink: 1, isClosed: false, isBreakout: false },
  })
  const { peer, policy, class: name, path, uplink, isClosed, isBreakout } = flows[1]!
  assert.deepEqual(
    [peer, policy, name, path, uplink, isClosed, isBreakout],
    [null, null, null, null, null, true, true],
  )
  for (const [flags, expected] of [
    [1, [true, false, 'calls']],
    [2, [false, true, 'calls']],
    [4, [false, false, null]],
  ] as const) {
    const page = Buffer.concat([Buffer.from('0100000000000000', 'hex'), record({ ...all, flags })])
    const [one] = decodeFlows(page).flows
    assert.deepEqual([one!.isClosed, one!.isBreakout, one!.policy], expected)
  }
  assert.equal(decodeFlows(Buffer.alloc(8)).next, null)
  assert.throws(() => decodeFlows(head), { code: 'WIRE_TRUNCATED' })
})
