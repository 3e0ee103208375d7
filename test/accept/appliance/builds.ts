/** Two builds are one: every artefact of the second has the digest that the first has. An update has a salt and a time in it: its image is compared. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { imageTestFolder } from '../../image/disks.ts'
import { run } from '../../lab/command.ts'
import type { Check, Line } from '../line.ts'
import { claim } from './parts.ts'

const builder = join(import.meta.dirname, '../../../build/image/image.ts')
const buildMs = 60 * 60_000

export const builds: Line = {
  name: 'builds',
  title: 'two builds from nothing but packages are the same, byte by byte',
  isFullOnly: true,
  faults: { 'another-version': 'slot' },
  measure: async ({ fault }) => {
    const folders = ['one', 'two'].map((name) => join(imageTestFolder, `build-${name}`))
    try {
      const sums: ReadonlyMap<string, string>[] = []
      for (const [number, folder] of folders.entries()) {
        sums.push(await build(folder, number === 1 && fault !== undefined))
      }
      return compared(sums[0]!, sums[1]!)
    } finally {
      for (const folder of folders) await rm(folder, { recursive: true, force: true })
    }
  },
}

/** @returns digest by what it is of: the version is in no name */
async function build(out: string, isOther: boolean): Promise<ReadonlyMap<string, string>> {
  const version = isOther ? ['--version', '9.9.9'] : []
  const argv = [process.execPath, builder, 'x86_64', '--anew', '--out', out, ...version]
  await run(argv, { timeoutMs: buildMs })
  const rows = (await readFile(join(out, 'SHA256SUMS'), 'utf8')).trim().split('\n')
  return new Map(
    rows.map((row) => {
      const [digest = '', name = ''] = row.split(/\s+/)
      return [name.replace(/^causeway-[\d.]+-\w+\.?/, ''), digest]
    }),
  )
}

function compared(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): Check[] {
  return [...one]
    .filter(([name]) => !name.endsWith('raucb'))
    .map(([name, digest]) =>
      claim(name, digest === other.get(name), digest.slice(0, 16), 'the same'),
    )
}
