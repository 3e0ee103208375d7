/** Reads a GUID partition table: the names and places of its partitions. UEFI 2.10 §5.3. Pure. */
import { CausewayError } from '../../firmware/model/errors.ts'

const sectorBytes = 512
const mostEntries = 128

export interface Partition {
  readonly name: string
  readonly offset: number
  readonly bytes: number
}

/** @param head the first 34 sectors of the disk. @throws LAB_INVALID: there is no such table */
export function readPartitions(head: Buffer): Partition[] {
  const header = head.subarray(sectorBytes)
  if (header.toString('latin1', 0, 8) !== 'EFI PART') {
    throw new CausewayError('LAB_INVALID', 'the disk has no GUID partition table')
  }
  const table = Number(header.readBigUInt64LE(72)) * sectorBytes
  const count = Math.min(header.readUInt32LE(80), mostEntries)
  const entryBytes = header.readUInt32LE(84)
  const entries = Array.from({ length: count }, (_, number) => {
    const at = table + number * entryBytes
    return head.subarray(at, at + entryBytes)
  })
  return entries
    .filter(
      (entry) => entry.length === entryBytes && entry.subarray(0, 16).some((byte) => byte > 0),
    )
    .map((entry) => {
      const [first, last] = [entry.readBigUInt64LE(32), entry.readBigUInt64LE(40)].map(Number)
      return {
        name: entry.toString('utf16le', 56, 128).replace(/\0.*$/s, ''),
        offset: first! * sectorBytes,
        bytes: (last! - first! + 1) * sectorBytes,
      }
    })
}
