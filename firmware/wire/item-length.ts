/** The length of a control item's value that is always the same, as codecs of items say it (control-item.ts). */
export function exactly(bytes: number): {
  fits: (length: number) => boolean
  size: () => number
} {
  return { fits: (length) => length === bytes, size: () => bytes }
}
