/** What has no room in the datapath: from the event's bytes to the line in the log. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tellOverflow } from '../../../firmware/gateway/overflow.ts'
import type { LogFields } from '../../../firmware/host/system/log.ts'
import { RecordWriter } from '../../../firmware/wire/bytes.ts'
import { decodeEvent } from '../../../firmware/wire/datapath.ts'

/** `struct cw_event` of kind 9 and `struct cw_overflow`. */
const overflowEvent = (counts: readonly number[]): Uint8Array => {
  const out = new RecordWriter(40 + 16).u16(9).u16(16).u32(0).zeros(32)
  for (const count of counts) out.u32(count)
  return out.end()
}

test('what the datapath leaves out is one line with a code, and one when nothing is any more', () => {
  const lines: [LogFields, string][] = []
  const write = (fields: LogFields, message: string): void => void lines.push([fields, message])

  for (const counts of [
    [0, 2, 700, 0],
    [0, 0, 0, 0],
  ]) {
    const event = decodeEvent(overflowEvent(counts), [])
    assert.ok(event?.kind === 'overflow')
    tellOverflow(event.overflow, { info: write, warn: write, error: write })
  }
  assert.deepEqual(lines, [
    [
      { code: 'DATAPATH_OVERFLOW', detail: '2 addresses, 700 routes' },
      'the datapath leaves out what has no room',
    ],
    [{}, 'the datapath has room for all of the kernel again'],
  ])
})
