/** Commits to the store in the folder that it is given, without end, and says each revision that it was acknowledged. */
import { writeSync } from 'node:fs'
import { openLevelTable } from '../../../../firmware/host/store/level-table.ts'
import { openStore } from '../../../../firmware/host/store/ordered-store.ts'

const store = await openStore(await openLevelTable(process.argv[2]!))
let next = (await store.revision()) + 1
const together = 16
for (;;) {
  const commits = Array.from({ length: together }, () => {
    const key = `k${next++}`
    return store.commit({ conditions: [], changes: [{ key, value: 'v'.repeat(200) }] })
  })
  for (const commit of commits) {
    const revision = await commit
    writeSync(1, `${revision}\n`)
  }
}
