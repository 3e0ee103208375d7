/** A disk of 3 MB, mounted for one process and its children alone: gone with them, whatever becomes of them. Asks for root. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const mounted = 'mount -t tmpfs -o size=3m none "$1" && exec "$2" "$3" "$1"'
const timeoutMs = 60_000

/** @param script gets the disk's folder @returns what it prints, which is JSON */
export function runOnSmallDisk<Report>(script: string): Report {
  const disk = mkdtempSync(join(tmpdir(), 'causeway-disk-'))
  const argv = ['--mount', 'sh', '-c', mounted, 'sh', disk, process.execPath, script]
  try {
    const said = execFileSync('unshare', argv, { encoding: 'utf8', timeout: timeoutMs })
    return JSON.parse(said) as Report
  } finally {
    rmdirSync(disk)
  }
}
