/**
 * Cuts a rekey's handshake messages into control items and puts them together again. Pure.
 * wire.md, item 0x0A: at most four parts of at most 1,000 bytes, one message at a time.
 */
import { CausewayError } from '../model/errors.ts'
import { type HandshakePart, maxPartBytes, maxParts } from './control-item.ts'

/** Cuts a handshake message into items, each for a control frame of its own. */
export function splitHandshake(id: number, message: Uint8Array): HandshakePart[] {
  const parts = Math.ceil(message.length / maxPartBytes)
  if (parts < 1 || parts > maxParts) {
    throw new CausewayError('WIRE_INVALID', 'the handshake message does not fit four parts')
  }
  return Array.from({ length: parts }, (_, part) => ({
    type: 'handshake-part',
    id,
    part,
    parts,
    data: message.subarray(part * maxPartBytes, (part + 1) * maxPartBytes),
  }))
}

/** The one message under way, with its parts as far as they came; null before the first. */
export type Reassembly = {
  readonly id: number
  readonly parts: readonly (Uint8Array | null)[]
} | null

/**
 * Adds a part. A part of another message ends the one under way, for there is only one at a time; a repeated
 * part changes nothing, so that copies of a message complete each other.
 */
export function addPart(
  state: Reassembly,
  item: HandshakePart,
): { readonly state: Reassembly; readonly message: Buffer | null } {
  const continues = state !== null && state.id === item.id && state.parts.length === item.parts
  const parts = continues ? [...state.parts] : new Array<Uint8Array | null>(item.parts).fill(null)
  parts[item.part] ??= Buffer.from(item.data)
  const present = parts.filter((part) => part !== null)
  if (present.length < item.parts) return { state: { id: item.id, parts }, message: null }
  return { state: null, message: Buffer.concat(present) }
}
