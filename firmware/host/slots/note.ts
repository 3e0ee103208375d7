/** The note of the last update, on the data partition: read by both slots. One that cannot be read is none. */
import { isSlotNote, type SlotNote } from '../../model/slot-note.ts'
import { systemDisk } from '../system/disk.ts'
import { replaceFile } from '../system/file.ts'

const mostBytes = 32 * 1024

export async function readSlotNote(path: string): Promise<SlotNote | null> {
  try {
    const bytes = await systemDisk.read(path, mostBytes)
    if (bytes === null || bytes.length > mostBytes) return null
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return isSlotNote(value) ? value : null
  } catch {
    // An update must not depend on what another one left behind.
    return null
  }
}

/** @throws STORE_WRITE_FAILED */
export async function writeSlotNote(path: string, note: SlotNote): Promise<void> {
  await replaceFile(path, `${JSON.stringify(note)}\n`)
}
