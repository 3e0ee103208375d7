/**
 * A second implementation of sealed data and control (0xD1, 0xD2), in a few lines and from wire.md alone: it
 * opens what C sealed and the other way round. No windows, no state; for tests only.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { DirectionKeys } from '../../firmware/model/program.ts'

export type SealedSuite = 'chacha20-poly1305' | 'aes-256-gcm'

/** Plain numbers of a sealed datagram's header; `sendTimeUs` before `time` of the key is added. */
export interface SealedHeader {
  readonly type: 0xd1 | 0xd2
  /** path(8) class(3) writer(5) */
  readonly lane: number
  readonly receiverIndex: number
  readonly sendTimeUs: number
  readonly counter: number
}

const headerBytes = 16
const tagBytes = 16

export function seal(
  suite: SealedSuite,
  keys: DirectionKeys,
  header: SealedHeader,
  plaintext: Uint8Array,
): Buffer {
  const head = Buffer.alloc(headerBytes)
  head[0] = header.type
  head.writeUInt16BE(header.lane, 2)
  head.writeUInt32BE(header.receiverIndex, 4)
  head.writeUInt32BE((header.sendTimeUs + timeOf(keys)) % 2 ** 32, 8)
  head.writeUInt32BE(header.counter, 12)
  const cipher = createCipheriv(suite as 'aes-256-gcm', keys.key, nonceOf(keys, head), {
    authTagLength: tagBytes,
  })
  cipher.setAAD(head, { plaintextLength: plaintext.length })
  return Buffer.concat([head, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Throws for whatever does not authenticate. */
export function open(
  suite: SealedSuite,
  keys: DirectionKeys,
  datagram: Uint8Array,
): { readonly header: SealedHeader; readonly plaintext: Buffer } {
  const bytes = Buffer.from(datagram)
  const head = bytes.subarray(0, headerBytes)
  const type = head[0]
  if ((type !== 0xd1 && type !== 0xd2) || head[1] !== 0) throw new Error('not a sealed datagram')
  const decipher = createDecipheriv(suite as 'aes-256-gcm', keys.key, nonceOf(keys, head), {
    authTagLength: tagBytes,
  })
  const sealed = bytes.subarray(headerBytes, -tagBytes)
  decipher.setAAD(head, { plaintextLength: sealed.length })
  decipher.setAuthTag(bytes.subarray(-tagBytes))
  const plaintext = Buffer.concat([decipher.update(sealed), decipher.final()])
  const header: SealedHeader = {
    type,
    lane: head.readUInt16BE(2),
    receiverIndex: head.readUInt32BE(4),
    sendTimeUs: (head.readUInt32BE(8) - timeOf(keys) + 2 ** 32) % 2 ** 32,
    counter: head.readUInt32BE(12),
  }
  return { header, plaintext }
}

/** The 8 bytes of a Geneve header without options (RFC 8926 §3.4) before an inner packet. */
export function geneve(vni: number, protocolType: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16BE(protocolType, 2)
  bytes.writeUIntBE(vni, 4, 3)
  return bytes
}

/** iv XOR (type u8 ‖ 0 u8 ‖ lane u16 ‖ 0 u32 ‖ counter u32) */
function nonceOf(keys: DirectionKeys, head: Buffer): Buffer {
  const nonce = Buffer.from(keys.iv)
  nonce[0]! ^= head[0]!
  for (const [from, to] of [
    [2, 2],
    [3, 3],
    [12, 8],
    [13, 9],
    [14, 10],
    [15, 11],
  ] as const) {
    nonce[to]! ^= head[from]!
  }
  return nonce
}

function timeOf(keys: DirectionKeys): number {
  return Buffer.from(keys.time).readUInt32BE(0)
}
