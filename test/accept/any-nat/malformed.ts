/** Malformed STUN datagrams of each kind that a parser may stumble over, for the flood program of native/test. RFC 8489. */
import { chanceOf } from '../../lab/chance.ts'

const cookie = 0x2112a442
const headerBytes = 20
const kinds = 9

/** Sources of the worst kind: the servers that the victim has asked. */
export interface Source {
  readonly address: string
  readonly port: number
}

/** @returns {address 4, port u16, length u16, bytes} in network order, again and again */
export function malformedStun(count: number, sources: readonly Source[], seed = 1): Buffer {
  const chance = chanceOf(seed)
  const below = (limit: number): number => Math.floor(chance() * limit)
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)))
  const parts = Array.from({ length: count }, (_, number) => {
    const { address, port } = sources[below(sources.length)]!
    const datagram = malformed(number % kinds, below, bytes)
    const head = Buffer.alloc(8)
    head.set(address.split('.').map(Number), 0)
    head.writeUInt16BE(port, 4)
    head.writeUInt16BE(datagram.length, 6)
    return Buffer.concat([head, datagram])
  })
  return Buffer.concat(parts)
}

type Below = (limit: number) => number
type Bytes = (length: number) => Buffer

function malformed(kind: number, below: Below, bytes: Bytes): Buffer {
  const types = [0x0001, 0x0101, 0x0111, 0x0011]
  const type = types[below(types.length)]!
  switch (kind) {
    case 0: // Attributes of any bytes.
      return message(type, bytes(4 * below(100)))
    case 1: // An attribute longer than the message.
      return message(0x0101, attribute(0x0020, bytes(8), 8 + below(0xfff0)))
    case 2: // XOR-MAPPED-ADDRESS of an unknown family, or too short for its own.
      return message(
        0x0101,
        attribute(0x0020, Buffer.from([0, below(4), 0, 0, ...bytes(below(20))])),
      )
    case 3: // A length that is not the message's.
      return message(type, bytes(4 * below(20)), below(0x10000))
    case 4: // Cut off.
      return message(type, bytes(40)).subarray(0, 1 + below(headerBytes + 39))
    case 5: // No cookie.
      return message(type, bytes(4 * below(10)), undefined, below(2 ** 32))
    case 6: // An error without a number, and comprehension-required attributes of nobody.
      return message(
        0x0111,
        Buffer.concat([attribute(0x0009, bytes(below(4))), attribute(0x7fff, bytes(8))]),
      )
    case 7: // Hundreds of empty attributes.
      return message(
        type,
        Buffer.concat(Array.from({ length: 300 }, () => attribute(0x8000, bytes(0)))),
      )
    default: // All that is right, but for what it answers: a mapped address of the sender's choice.
      return message(0x0101, attribute(0x0020, Buffer.from([0, 1, ...bytes(6)])))
  }

  function message(what: number, body: Buffer, length = body.length, magic = cookie): Buffer {
    const head = Buffer.alloc(headerBytes)
    head.writeUInt16BE(what, 0)
    head.writeUInt16BE(length & 0xffff, 2)
    head.writeUInt32BE(magic >>> 0, 4)
    bytes(12).copy(head, 8)
    return Buffer.concat([head, body])
  }
}

function attribute(type: number, value: Buffer, length = value.length): Buffer {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4)
  padded.writeUInt16BE(type, 0)
  padded.writeUInt16BE(length & 0xffff, 2)
  value.copy(padded, 4)
  return padded
}
