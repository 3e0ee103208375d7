/**
 * Points of history as bytes: those of some names over some steps, figure by figure, so that what stays the same lies together.
 * Values are half floats (IEEE 754 binary16, 0.05 %) in units that bring them into their range; NaN: not known.
 *
 *     version u8 · figures u8 · stats u8 · names u8 · points u16 · step seconds u16
 *     names: length u8, text … · steps: u32 … · values: f16 for each name, figure, stat and point
 */
import { CausewayError } from '../model/errors.ts'

export interface HistoryBlock {
  readonly stepSeconds: number
  /** Numbers of steps since 1970, in the order in which they were. */
  readonly steps: readonly number[]
  /** By name, for each step `figures` × `stats` values; as many names as are known here, others had no points. */
  readonly names: ReadonlyMap<string, readonly Float64Array[]>
}

const version = 1
const headBytes = 8
const valueBytes = 2
/** What a value is told in: half floats end at 65,504, and rates do not. */
export const rateUnit = 1e7

/** @param units of each figure, which also says how many there are */
export interface BlockForm {
  readonly units: readonly number[]
  readonly stats: number
}

export function encodeHistoryBlock(block: HistoryBlock, { units, stats }: BlockForm): Uint8Array {
  const { stepSeconds, steps, names } = block
  const texts = [...names.keys()].map((name) => Buffer.from(name, 'utf8'))
  const nameBytes = texts.reduce((sum, text) => sum + 1 + text.length, 0)
  const values = names.size * units.length * stats * steps.length
  const bytes = Buffer.alloc(headBytes + nameBytes + 4 * steps.length + valueBytes * values)
  bytes.set([version, units.length, stats, names.size])
  bytes.writeUInt16LE(steps.length, 4)
  bytes.writeUInt16LE(stepSeconds, 6)
  let at = headBytes
  for (const text of texts) {
    bytes[at] = text.length
    bytes.set(text, at + 1)
    at += 1 + text.length
  }
  for (const step of steps) at = bytes.writeUInt32LE(step, at)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (const points of names.values()) {
    for (let column = 0; column < units.length * stats; column++) {
      const unit = units[Math.floor(column / stats)]!
      for (const point of points) {
        view.setFloat16(at, point[column]! / unit, true)
        at += valueBytes
      }
    }
  }
  return bytes
}

/** @param only this name. @throws WIRE_TRUNCATED, WIRE_INVALID */
export function decodeHistoryBlock(
  bytes: Uint8Array,
  { units, stats }: BlockForm,
  only: string,
): HistoryBlock {
  if (bytes.length < headBytes) throw truncated()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const [kind, figures, statCount, nameCount] = bytes
  if (kind !== version || figures !== units.length || statCount !== stats) {
    throw new CausewayError('WIRE_INVALID', 'a block of history of another release')
  }
  const points = view.getUint16(4, true)
  const stepSeconds = view.getUint16(6, true)
  if (stepSeconds === 0) throw new CausewayError('WIRE_INVALID', 'a block of history without steps')
  let at = headBytes
  let place = -1
  for (let index = 0; index < nameCount!; index++) {
    const length = bytes[at]
    if (length === undefined || at + 1 + length > bytes.length) throw truncated()
    if (Buffer.from(bytes.subarray(at + 1, at + 1 + length)).toString('utf8') === only) {
      place = index
    }
    at += 1 + length
  }
  const width = units.length * stats
  const whole = at + 4 * points + valueBytes * nameCount! * width * points
  if (whole > bytes.length) throw truncated()
  if (whole < bytes.length)
    throw new CausewayError('WIRE_INVALID', 'a block of history is too long')
  const steps = Array.from({ length: points }, (_, index) => view.getUint32(at + 4 * index, true))
  at += 4 * points
  if (place < 0) return { stepSeconds, steps, names: new Map() }
  at += valueBytes * place * width * points
  const values = steps.map(() => new Float64Array(width))
  for (let column = 0; column < width; column++) {
    const unit = units[Math.floor(column / stats)]!
    for (let index = 0; index < points; index++) {
      values[index]![column] = view.getFloat16(at, true) * unit
      at += valueBytes
    }
  }
  return { stepSeconds, steps, names: new Map([[only, values]]) }
}

function truncated(): CausewayError {
  return new CausewayError('WIRE_TRUNCATED', 'a block of history ends early')
}
