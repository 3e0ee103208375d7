/** Opens a box's store on the disk that it is given, fills the disk, and opens it anew: twice. Prints as JSON what came of it. */
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBoxStore } from '../../../firmware/gateway/box-store.ts'

const disk = process.argv[2]!
const places = { storeFolder: join(disk, 'store'), storeReserve: join(disk, 'store.reserve') }
const filler = join(disk, 'filler')
const setAside = 256 * 1024
const said: string[] = []

async function open(key: string): Promise<void> {
  try {
    await using store = await openBoxStore(places, () => said.push('failed'), setAside)
    const before = (await store.get('first')) !== null
    await store.commit({ conditions: [], changes: [{ key, value: '' }] })
    said.push(`${key} after ${before ? 'first' : 'nothing'}`)
  } catch (error) {
    said.push((error as { code: string }).code)
  }
}

function fill(): void {
  for (const bytes of [1_048_576, 65_536, 4_096, 1]) {
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(bytes), { flag: 'a' })
    } catch {
      // No more of that size.
    }
  }
}

const asideBytes = (): number | null => {
  return statSync(places.storeReserve, { throwIfNoEntry: false })?.size ?? null
}

await open('first')
const kept = asideBytes()
fill()
await open('second')
const given = asideBytes()
fill()
await open('third')
rmSync(filler)
await open('fourth')
process.stdout.write(JSON.stringify({ said, aside: [kept, given, asideBytes()] }))
