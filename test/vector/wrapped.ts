/**
 * A second implementation of relayed datagrams (0xD8), from wire.md alone: a header like that of sealed data with the channel in
 * the place of the time, the datagram in clear, and the tag of nothing over both. For tests only.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { DirectionKeys } from '../../firmware/model/program.ts'
import { nonceOf, type SealedSuite } from './sealed.ts'

export interface WrapHeader {
  /** path(8) class(3) writer(5) */
  readonly lane: number
  readonly receiverIndex: number
  readonly channel: number
  readonly counter: number
}

const type = 0xd8
const headerBytes = 16
const tagBytes = 16

export function wrap(
  suite: SealedSuite,
  keys: DirectionKeys,
  header: WrapHeader,
  datagram: Uint8Array,
): Buffer {
  const head = Buffer.alloc(headerBytes)
  head[0] = type
  head.writeUInt16BE(header.lane, 2)
  head.writeUInt32BE(header.receiverIndex, 4)
  head.writeUInt32BE(header.channel, 8)
  head.writeUInt32BE(header.counter, 12)
  const aad = Buffer.concat([head, datagram])
  const cipher = createCipheriv(suite as 'aes-256-gcm', keys.key, nonceOf(keys, head), {
    authTagLength: tagBytes,
  })
  cipher.setAAD(aad, { plaintextLength: 0 })
  return Buffer.concat([aad, cipher.final(), cipher.getAuthTag()])
}

/** Throws for whatever does not authenticate. */
export function unwrap(
  suite: SealedSuite,
  keys: DirectionKeys,
  wrapped: Uint8Array,
): { readonly header: WrapHeader; readonly datagram: Buffer } {
  const bytes = Buffer.from(wrapped)
  const head = bytes.subarray(0, headerBytes)
  if (head[0] !== type || head[1] !== 0) throw new Error('not a relayed datagram')
  const decipher = createDecipheriv(suite as 'aes-256-gcm', keys.key, nonceOf(keys, head), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(bytes.subarray(0, -tagBytes), { plaintextLength: 0 })
  decipher.setAuthTag(bytes.subarray(-tagBytes))
  decipher.final()
  const header: WrapHeader = {
    lane: head.readUInt16BE(2),
    receiverIndex: head.readUInt32BE(4),
    channel: head.readUInt32BE(8),
    counter: head.readUInt32BE(12),
  }
  return { header, datagram: bytes.subarray(headerBytes, -tagBytes) }
}
