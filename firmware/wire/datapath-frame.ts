/**
 * Frames of the datapath's unix socket: verbs to it, answers and events from it.
 *
 *     u32 length of what follows | u8 kind | u32 id | i32 status | payload
 *
 * A request has its verb for kind and status 0; its answer the same kind and id, and as status what the verb returned. An
 * event has kind 128 and id 0. At most 4 MiB a frame: a program of 65,536 routes is 1.6 MB.
 */
import { CausewayError } from '../model/errors.ts'

export const eventKind = 128
export const frameBytesMax = 4 << 20
const headBytes = 9

export interface Frame {
  readonly kind: number
  readonly id: number
  readonly status: number
  readonly payload: Uint8Array
}

/** What goes before the payload, which is written from where it is: it may hold keys, and copies would stay. */
export function encodeFrameHead({ kind, id, status, payload }: Frame): Buffer {
  const out = Buffer.alloc(4 + headBytes)
  out.writeUInt32LE(headBytes + payload.length, 0)
  out.writeUInt8(kind, 4)
  out.writeUInt32LE(id, 5)
  out.writeInt32LE(status, 9)
  return out
}

/** Puts frames together from a byte stream; keeps at most one unfinished frame. */
export class FrameReader {
  #parts: Buffer[] = []
  #bytes = 0

  /** Payloads are copies. @throws WIRE_INVALID for a length that no frame has: close the stream */
  push(chunk: Buffer): Frame[] {
    this.#parts.push(chunk)
    this.#bytes += chunk.length
    const frames: Frame[] = []
    for (;;) {
      const length = this.#peekLength()
      if (length === null || this.#bytes < 4 + length) return frames
      frames.push(this.#take(4 + length))
    }
  }

  #peekLength(): number | null {
    if (this.#bytes < 4) return null
    if ((this.#parts[0]?.length ?? 0) < 4) this.#join()
    const length = this.#parts[0]!.readUInt32LE(0)
    if (length < headBytes || length > frameBytesMax) {
      throw new CausewayError('WIRE_INVALID', `frame of ${length} bytes`)
    }
    return length
  }

  #take(size: number): Frame {
    const all = this.#join()
    const payload = Buffer.from(all.subarray(4 + headBytes, size))
    const frame = {
      kind: all.readUInt8(4),
      id: all.readUInt32LE(5),
      status: all.readInt32LE(9),
      payload,
    }
    all.fill(0, 0, size)
    this.#parts = [all.subarray(size)]
    this.#bytes -= size
    return frame
  }

  #join(): Buffer {
    if (this.#parts.length === 1) return this.#parts[0]!
    const all = Buffer.concat(this.#parts)
    for (const part of this.#parts) part.fill(0)
    this.#parts = [all]
    return all
  }
}
