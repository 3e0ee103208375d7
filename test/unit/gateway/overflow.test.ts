/** What has no room in the datapath: from the counters' bytes to the line in the log. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { overflowTeller } from '../../../firmware/gateway/overflow.ts'
import type { LogFields } from '../../../firmware/host/system/log.ts'
import { RecordWriter } from '../../../firmware/wire/bytes.ts'
import { decodeCounters } from '../../../firmware/wire/datapath-state.ts'

/** `struct cw_counters_head` of a datapath without drops, ports and peers. */
const counters = (overflow: readonly number[]): Uint8Array => {
  const out = new RecordWriter(80).u64(1).u64(1000).zeros(24)
  for (const count of overflow) out.u32(count)
  return out.zeros(24).end()
}

test('what the datapath leaves out is a line whenever it changes, and one when nothing is any more', () => {
  const lines: [LogFields, string][] = []
  const write = (fields: LogFields, message: string): void => void lines.push([fields, message])
  const tell = overflowTeller({ info: write, warn: write, error: write })

  for (const overflow of [
    [0, 0, 0, 0],
    [2, 700, 0, 0],
    [2, 700, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]) {
    tell(decodeCounters(counters(overflow), []).overflow)
  }
  assert.deepEqual(lines, [
    [
      { code: 'DATAPATH_OVERFLOW', detail: '2 addresses, 700 routes' },
      'the datapath leaves out what has no room',
    ],
    [{}, 'the datapath has room for all of the kernel again'],
  ])
})
