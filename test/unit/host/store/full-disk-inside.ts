/**
 * A store on a disk of 3 MB that is filled, and has room again after a commit failed: commits go on as if nothing had been, then it is
 * opened anew. Prints as JSON what became of them. The folder that it is given is such a disk, of this process alone.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openLevelTable } from '../../../../firmware/host/store/level-table.ts'
import { openStore } from '../../../../firmware/host/store/ordered-store.ts'
import type { CausewayError } from '../../../../firmware/model/errors.ts'

const disk = process.argv[2]!
const filler = join(disk, 'filler')
const folder = join(disk, 'store')
/** After the first failure: enough for LevelDB to have room again in the midst of a record. */
const mostLate = 60

writeFileSync(filler, Buffer.alloc(2_000_000))
const acknowledged: string[] = []
const codes: string[] = []
const told: string[] = []
{
  const failed = (error: CausewayError): void => void told.push(error.code)
  await using store = await openStore(await openLevelTable(folder), failed)
  for (let at = 0, late = 0; late < mostLate; at++) {
    const key = `k${at}`
    try {
      await store.commit({ conditions: [], changes: [{ key, value: 'v'.repeat(3_000) }] })
      acknowledged.push(key)
    } catch (error) {
      codes.push((error as CausewayError).code)
    }
    if (codes.length > 0) late++
    if (late === 10) rmSync(filler)
  }
}
await using store = await openStore(await openLevelTable(folder))
const lost: string[] = []
for (const key of acknowledged) if ((await store.get(key)) === null) lost.push(key)
const next = await store.commit({ conditions: [], changes: [{ key: 'next', value: '' }] })
const report = { acknowledged: acknowledged.length, lost: lost.length, next, codes, told }
process.stdout.write(JSON.stringify(report))
