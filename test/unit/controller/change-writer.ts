/**
 * Puts one fleet of segments in the place of another in the store of the folder that it is given, without end, and says each that was
 * acknowledged. Nothing of the one is in the other.
 */
import { writeSync } from 'node:fs'
import { applyChange } from '../../../firmware/controller/change.ts'
import { Fleets } from '../../../firmware/controller/fleets.ts'
import { openLevelTable } from '../../../firmware/host/store/level-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'

const fleets = new Fleets(await openStore(await openLevelTable(process.argv[2]!)))
const count = 200
for (let round = Number(process.argv[3]); ; round++) {
  const documents = Array.from({ length: count }, (_, at) => {
    return { kind: 'segment', name: `r${round}-${at}`, breakout: false }
  })
  await applyChange(fleets, 't', { documents, isWhole: true }, 'ada', 0)
  writeSync(1, `${round}\n`)
}
