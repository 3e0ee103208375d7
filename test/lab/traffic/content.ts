/**
 * The content that traffic programs send and check: reproducible from a seed, so that both ends can say what
 * it must be without having exchanged it.
 */
import { createCipheriv, createHash } from 'node:crypto'

const chunkBytes = 64 * 1024

/** What a file or stream consists of: a key stream, or one text over and over (for searching it on a wire). */
export interface ContentSpec {
  readonly seed: number
  readonly bytes: number
  readonly canary?: string | undefined
}

/** The content in chunks of at most 64 KiB. */
export function* contentOf({ seed, bytes, canary }: ContentSpec): Generator<Buffer> {
  const key = createHash('sha256').update(`causeway lab ${seed}`).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const zeros = Buffer.alloc(chunkBytes)
  // A chunk of whole repetitions, so that the text also runs on from chunk to chunk.
  const repeated = canary && Buffer.from(canary.repeat(Math.ceil(chunkBytes / 2 / canary.length)))
  for (let left = bytes; left > 0; ) {
    const chunk = repeated || cipher.update(zeros)
    const part = chunk.subarray(0, Math.min(left, chunk.length))
    left -= part.length
    yield part
  }
}

export function sha256Of(spec: ContentSpec): string {
  const hash = createHash('sha256')
  for (const chunk of contentOf(spec)) hash.update(chunk)
  return hash.digest('hex')
}

/** Bytes of a numbered datagram's header: sequence number u32, xor of it with `mark` u32. */
export const headerBytes = 8
const mark = 0x43_57_4c_42

/** A datagram whose every byte depends on its number. @param bytes at least 8 */
export function datagramOf(sequence: number, bytes: number): Buffer {
  const datagram = Buffer.alloc(bytes, (sequence * 31 + 7) & 0xff)
  datagram.writeUInt32BE(sequence, 0)
  datagram.writeUInt32BE((sequence ^ mark) >>> 0, 4)
  return datagram
}

/** @returns its number, or null when any byte of it is not what `datagramOf` made */
export function numberOf(datagram: Buffer): number | null {
  if (datagram.length < headerBytes) return null
  const sequence = datagram.readUInt32BE(0)
  return datagram.equals(datagramOf(sequence, datagram.length)) ? sequence : null
}
