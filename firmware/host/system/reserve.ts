/**
 * Room on the disk that is set aside, to be given back when there is none left: so that what a person needs to see why, and to make
 * room, can still be written.
 */
import { rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A disk with less room than so many of it keeps none. */
const leastTimes = 4

/** Sets it aside, where it is not and there is room for more than that. Never fails. @param path of a file */
export async function keepReserve(path: string, bytes: number): Promise<void> {
  try {
    const there = await stat(path).catch(() => null)
    if (there?.size === bytes) return
    const { bavail, bsize } = await statfs(dirname(path))
    if (bavail * bsize >= leastTimes * bytes)
      await writeFile(path, Buffer.alloc(bytes), { mode: 0o600 })
  } catch {
    // Half of it helps nobody.
    await rm(path, { force: true }).catch(() => {})
  }
}

/** @returns whether there is more room now */
export async function giveReserve(path: string): Promise<boolean> {
  return rm(path).then(
    () => true,
    () => false,
  )
}
