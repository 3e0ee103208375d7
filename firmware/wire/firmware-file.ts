/**
 * What a firmware file says of itself: RAUC's bundle ends with a CMS message and its length (8 bytes, big-endian); of the format
 * `verity` that message holds the manifest (RAUC reference, "Bundle Formats"). Nothing is verified here: whoever installs it does.
 */

export interface FirmwareManifest {
  readonly version: string
  /** Of `compatible=causeway-ARCHITECTURE`. */
  readonly architecture: string
}

/** Bytes of the length at the end. */
export const tailBytes = 8
/** RAUC takes no larger message. */
export const mostMessageBytes = 64 * 1024

/** Bytes of the message before the tail; null: this is no such file. @param tail its last `tailBytes` */
export function messageBytes(tail: Uint8Array, fileBytes: number): number | null {
  if (tail.length !== tailBytes) return null
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  const bytes = view.getBigUint64(0)
  if (bytes === 0n || bytes > BigInt(Math.min(mostMessageBytes, fileBytes - tailBytes))) return null
  return Number(bytes)
}

/** Null: there is no manifest in it, or not one of ours. */
export function manifestOf(message: Uint8Array): FirmwareManifest | null {
  const text = new TextDecoder('latin1').decode(message)
  const at = text.indexOf('[update]\n')
  if (at < 0) return null
  const [part = ''] = text.slice(at + '[update]\n'.length).split('\n[')
  const fieldOf = (name: string): string | null =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(part)?.[1]?.trim() ?? null
  const [, architecture] = /^causeway-([a-z0-9_]{1,16})$/.exec(fieldOf('compatible') ?? '') ?? []
  const version = /^[0-9A-Za-z][0-9A-Za-z.+~-]{0,63}$/.exec(fieldOf('version') ?? '')?.[0]
  return architecture === undefined || version === undefined ? null : { version, architecture }
}
