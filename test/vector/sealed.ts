/**
 * A second implementation of sealed data and control (0xD1, 0xD2) and of what is relayed (0xD8), in a few lines
 * and from wire.md alone: it opens what C sealed and the other way round. No windows, no state; for tests only.
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
const relayedType = 0xd8

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

/** Of a relayed datagram. */
export interface RelayedHeader {
  readonly lane: number
  readonly receiverIndex: number
  readonly channel: number
  readonly counter: number
}

/** `datagram` stays in clear: the tag is that of an empty plaintext, and covers all. */
export function sealRelayed(
  suite: SealedSuite,
  keys: DirectionKeys,
  header: RelayedHeader,
  datagram: Uint8Array,
): Buffer {
  const head = Buffer.alloc(headerBytes)
  head[0] = relayedType
  head.writeUInt16BE(header.lane, 2)
  head.writeUInt32BE(header.receiverIndex, 4)
  head.writeUInt32BE(header.channel, 8)
  head.writeUInt32BE(header.counter, 12)
  const covered = Buffer.concat([head, datagram])
  const cipher = createCipheriv(suite as 'aes-256-gcm', keys.key, nonceOf(keys, head), {
    authTagLength: tagBytes,
  })
  cipher.setAAD(covered, { plaintextLength: 0 })
  return Buffer.concat([covered, cipher.final(), cipher.getAuthTag()])
}

/** Throws for whatever does not authenticate. */
export function openRelayed(
  suite: SealedSuite,
  keys: DirectionKeys,
  relayed: Uint8Array,
): { readonly header: RelayedHeader; readonly datagram: Buffer } {
  const bytes = Buffer.from(relayed)
  const covered = bytes.subarray(0, -tagBytes)
  if (covered.length < headerBytes || covered[0] !== relayedType || covered[1] !== 0) {
    throw new Error('not a relayed datagram')
  }
  const decipher = createDecipheriv(suite as 'aes-256-gcm', keys.key, nonceOf(keys, covered), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(covered, { plaintextLength: 0 })
  decipher.setAuthTag(bytes.subarray(-tagBytes))
  decipher.final()
  const header = {
    lane: covered.readUInt16BE(2),
    receiverIndex: covered.readUInt32BE(4),
    channel: covered.readUInt32BE(8),
    counter: covered.readUInt32BE(12),
  }
  return { header, datagram: covered.subarray(headerBytes) }
}

/** The 8 bytes of a Geneve header without options (RFC 8926 §3.4) before an inner packet. */
export function geneve(vni: number, protocolType: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16BE(protocolType, 2)
  bytes.writeUIntBE(vni, 4, 3)
  return bytes
}

/** A piece of an inner packet, as Geneve option 0x82 tells it (wire.md). */
export interface Piece {
  readonly vni: number
  readonly protocolType: number
  readonly id: number
  /** A multiple of 8, as is the length of every piece but the last. */
  readonly offset: number
  readonly hasMore: boolean
  readonly data: Buffer
}

/** Geneve with its one option, which is critical, and the bytes of the piece. */
export function geneveWithPiece(piece: Piece): Buffer {
  const head = geneve(piece.vni, piece.protocolType)
  head[0] = 2
  head[1] = 0x40
  const option = Buffer.from([0xff, 0xca, 0x82, 1, 0, 0, 0, 0])
  option.writeUInt16BE(piece.id, 4)
  option.writeUInt16BE(((piece.offset / 8) << 3) | (piece.hasMore ? 4 : 0), 6)
  return Buffer.concat([head, option, piece.data])
}

/** null: Geneve without that option. */
export function readPiece(plaintext: Buffer): Piece | null {
  if (plaintext[0] !== 2 || plaintext.readUInt32BE(8) !== 0xffca8201) return null
  const word = plaintext.readUInt16BE(14)
  return {
    vni: plaintext.readUIntBE(4, 3),
    protocolType: plaintext.readUInt16BE(2),
    id: plaintext.readUInt16BE(12),
    offset: (word >> 3) * 8,
    hasMore: (word & 4) !== 0,
    data: plaintext.subarray(16),
  }
}

/** `packet` in pieces that fill `limit` bytes of inner packet and option. */
export function cutIntoPieces(
  packet: Buffer,
  limit: number,
  of: Pick<Piece, 'vni' | 'protocolType' | 'id'>,
): Piece[] {
  const step = Math.floor((limit - 8) / 8) * 8
  const pieces: Piece[] = []
  for (let offset = 0; offset < packet.length; offset += step) {
    const data = packet.subarray(offset, offset + step)
    pieces.push({ ...of, offset, hasMore: offset + step < packet.length, data })
  }
  return pieces
}

/** iv XOR (type u8 ‖ 0 u8 ‖ lane u16 ‖ 0 u32 ‖ counter u32) */
export function nonceOf(keys: DirectionKeys, head: Buffer): Buffer {
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
