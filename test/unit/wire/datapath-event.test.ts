/** Events of the datapath, byte by byte as its header has them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordWriter } from '../../../firmware/wire/bytes.ts'
import { decodeEvent, nameBytes, recordSizes } from '../../../firmware/wire/datapath.ts'

/** `struct cw_event` of a path, and `struct cw_path_event` with these last bytes. */
function pathEvent(...last: readonly number[]): Buffer {
  const out = new RecordWriter(recordSizes.event + recordSizes.pathEvent)
    .u16(9)
    .u16(recordSizes.pathEvent)
    .u32(0)
    .name('lisbon', nameBytes)
    .address('203.0.113.6')
    .u16(51820)
  for (const byte of last) out.u8(byte)
  return out.end()
}

const path = { remoteAddress: '203.0.113.6', remotePort: 51820, number: 7, uplink: 1 }

test('a path that went down, and one that is the best from now on', () => {
  assert.deepEqual(decodeEvent(pathEvent(7, 1, 2, 2, 4, 0), []), {
    kind: 'path',
    peer: 'lisbon',
    change: 'state',
    ...path,
    remoteUplink: 2,
    state: 'down',
    reason: 'deaf',
  })
  assert.deepEqual(decodeEvent(pathEvent(7, 1, 255, 1, 0, 1), []), {
    kind: 'path',
    peer: 'lisbon',
    change: 'best',
    ...path,
    remoteUplink: null,
    state: 'up',
    reason: 'well',
  })
})

test('one that is cut short is refused', () => {
  const whole = pathEvent(7, 1, 2, 2, 4, 0)
  assert.throws(() => decodeEvent(whole.subarray(0, -1), []), { code: 'WIRE_TRUNCATED' })
})
