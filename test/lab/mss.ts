/** What TCP announces in a recording. */
import assert from 'node:assert/strict'
import type { Captured } from './capture.ts'

/** The MSS that the SYN and the SYN-ACK of a recording announce, as its first option (RFC 9293 §3.2); 0: there is none. */
export function mssOf({ frames, missed }: Captured): Readonly<Record<'syn' | 'synAck', number>> {
  assert.equal(missed, 0)
  const said = { syn: 0, synAck: 0 }
  for (const { bytes } of frames) {
    const isV6 = bytes[14]! >> 4 === 6
    const tcp = bytes.subarray(14 + (isV6 ? 40 : (bytes[14]! & 15) * 4))
    assert.deepEqual([tcp[20], tcp[21]], [2, 4])
    const hasAck = (tcp[13]! & 0x10) !== 0
    said[hasAck ? 'synAck' : 'syn'] = tcp.readUInt16BE(22)
  }
  return said
}
