/**
 * Fixed-size records of the native border: fields one after the other, in the host's byte order, which is little-endian
 * on every machine that Causeway runs on. A name that is too long or an address of no known form is WIRE_INVALID;
 * reading past the end is WIRE_TRUNCATED.
 */
import assert from 'node:assert/strict'
import { CausewayError } from '../model/errors.ts'
import { ipBytes, ipText } from './ip.ts'

/** Appends fields to one buffer, so that who wipes it has wiped all there is of a secret. */
export class RecordWriter {
  readonly #bytes: Buffer
  #at = 0

  /** @param size of all fields together, exactly */
  constructor(size: number) {
    this.#bytes = Buffer.alloc(size)
  }

  u8(value: number): this {
    this.#bytes.writeUInt8(value, this.#skip(1))
    return this
  }

  u16(value: number): this {
    this.#bytes.writeUInt16LE(value, this.#skip(2))
    return this
  }

  u32(value: number): this {
    this.#bytes.writeUInt32LE(value, this.#skip(4))
    return this
  }

  u64(value: number): this {
    this.#bytes.writeBigUInt64LE(BigInt(value), this.#skip(8))
    return this
  }

  /** ASCII, zero-filled to `size`, of which the last byte stays zero. */
  name(text: string, size: number): this {
    const bytes = Buffer.from(text, 'utf8')
    if (bytes.length >= size) {
      throw new CausewayError('WIRE_INVALID', `name of more than ${size - 1} bytes: ${text}`)
    }
    bytes.copy(this.#bytes, this.#skip(size))
    return this
  }

  bytes(value: Uint8Array, size: number): this {
    if (value.length !== size) {
      throw new CausewayError('WIRE_INVALID', `${value.length} bytes where ${size} are due`)
    }
    this.#bytes.set(value, this.#skip(size))
    return this
  }

  /** 16 bytes; IPv4 in its v4-mapped form, RFC 4291 §2.5.5.2. */
  address(text: string): this {
    return this.bytes(ipBytes(text), 16)
  }

  zeros(size: number): this {
    this.#skip(size)
    return this
  }

  end(): Buffer {
    assert.equal(this.#at, this.#bytes.length, 'a record of another size')
    return this.#bytes
  }

  #skip(size: number): number {
    const at = this.#at
    this.#at += size
    assert.ok(this.#at <= this.#bytes.length, 'a record of another size')
    return at
  }
}

/** Takes fields off the front. */
export class RecordReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    return this.#take(1).readUInt8()
  }

  u16(): number {
    return this.#take(2).readUInt16LE()
  }

  u32(): number {
    return this.#take(4).readUInt32LE()
  }

  /** Counters stay far below 2^53. */
  u64(): number {
    return Number(this.#take(8).readBigUInt64LE())
  }

  name(size: number): string {
    const bytes = this.#take(size)
    const end = bytes.indexOf(0)
    return bytes.toString('utf8', 0, end < 0 ? size : end)
  }

  /** A copy. */
  bytes(size: number): Buffer {
    return Buffer.from(this.#take(size))
  }

  /** '' for all zeros, which stands for "none". */
  address(): string {
    const bytes = this.#take(16)
    return bytes.every((byte) => byte === 0) ? '' : ipText(bytes)
  }

  /** Text up to its zero byte. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at)
    if (end < 0) throw new CausewayError('WIRE_TRUNCATED', 'text without its end')
    const text = this.#bytes.toString('utf8', this.#at, end)
    this.#at = end + 1
    return text
  }

  skip(size: number): void {
    this.#take(size)
  }

  #take(size: number): Buffer {
    if (this.left < size) {
      throw new CausewayError('WIRE_TRUNCATED', `record ends ${size - this.left} bytes early`)
    }
    const bytes = this.#bytes.subarray(this.#at, this.#at + size)
    this.#at += size
    return bytes
  }
}
