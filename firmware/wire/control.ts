/**
 * The framing of control items: what a control frame (0xD2) holds once it is opened. Pure. Sealing is the
 * datapath's, which also acts on most items itself. wire.md, "Control".
 *
 *   item: 0 type u8 | 1 zero u8 | 2 length of the value u16 | 4 value
 */
import { CausewayError } from '../model/errors.ts'
import { type ControlItem, type ItemCodec, type ItemType, itemCodecs } from './control-item.ts'

export const maxItems = 16
/** What fits one control frame that crosses every path (model/program.ts, ControlSend). */
export const maxItemsBytes = 1_200

/** @throws WIRE_INVALID when the items are more than one frame holds or a value is out of its range */
export function encodeItems(items: readonly ControlItem[]): Buffer {
  if (items.length > maxItems) throw invalid('too many items for one control frame')
  const encoded = Buffer.concat(items.map(encodeItem))
  if (encoded.length > maxItemsBytes) throw invalid('the items do not fit one control frame')
  return encoded
}

/**
 * Unknown types are skipped, but count as items. Views into `bytes` are returned, not copies.
 * @throws WIRE_TRUNCATED, WIRE_INVALID: the whole frame is to be dropped
 */
export function decodeItems(bytes: Uint8Array): ControlItem[] {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const items: ControlItem[] = []
  let count = 0
  for (let offset = 0; offset < frame.length; ) {
    if (++count > maxItems) throw invalid('more than 16 items in a control frame')
    if (frame.length - offset < 4) throw truncated()
    const end = offset + 4 + frame.readUInt16BE(offset + 2)
    if (end > frame.length) throw truncated()
    const codec = byCode.get(frame[offset]!)
    const value = frame.subarray(offset + 4, end)
    if (codec !== undefined) {
      if (!codec.fits(value.length)) throw invalid('a control item has a wrong length')
      const item = codec.read(value)
      if (item === null) throw invalid('a control item has an impossible value')
      items.push(item)
    }
    offset = end
  }
  return items
}

function encodeItem(item: ControlItem): Buffer {
  const codec = itemCodecs[item.type] as ItemCodec<ItemType>
  const length = codec.size(item)
  if (length > maxItemsBytes || !codec.fits(length)) throw invalid('an item has a wrong length')
  const bytes = Buffer.alloc(4 + length)
  bytes[0] = codec.code
  bytes.writeUInt16BE(length, 2)
  try {
    codec.write(item, bytes.subarray(4))
  } catch (cause) {
    throw new CausewayError('WIRE_INVALID', 'a value of a control item is out of range', { cause })
  }
  return bytes
}

const byCode: ReadonlyMap<number, ItemCodec<ItemType>> = new Map(
  Object.values(itemCodecs).map((codec) => [codec.code, codec as ItemCodec<ItemType>]),
)

function invalid(message: string): CausewayError {
  return new CausewayError('WIRE_INVALID', message)
}

function truncated(): CausewayError {
  return new CausewayError('WIRE_TRUNCATED', 'a control item ends behind its frame')
}
