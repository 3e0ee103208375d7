/** What is made once and kept, by a name that says what it was made from; what was kept before of the same goes. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Place } from './place.ts'

export interface Recipe {
  /** What it is, and for which machine. */
  readonly stem: string
  /** Texts of all that it is made from, and how. */
  readonly from: readonly (string | Uint8Array)[]
  /** `.tar`; empty: a folder. */
  readonly ending?: string
}

/** @returns its path */
export async function kept(
  { cache }: Place,
  { stem, from, ending = '' }: Recipe,
  make: (unfinished: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256')
  for (const part of from) hash.update(part).update('\0')
  const name = `${stem}-${hash.digest('hex').slice(0, 16)}${ending}`
  const path = join(cache, name)
  if (await stat(path).catch(() => null)) return path
  await mkdir(cache, { recursive: true })
  // Renamed when it is whole: a build that was cut off leaves nothing that is taken for one.
  // By its ending some know what to make.
  const unfinished = join(cache, `new-${stem}${ending}`)
  await rm(unfinished, { recursive: true, force: true })
  await make(unfinished)
  await forget(cache, (other) => other === stem)
  await rename(unfinished, path)
  return path
}

/** Of a machine, all: the next build begins with nothing but packages as they were fetched. */
export async function forgetKept({ cache }: Place, machine: string): Promise<void> {
  await forget(cache, (stem) => stem.endsWith(`-${machine}`))
}

async function forget(cache: string, isMeant: (stem: string) => boolean): Promise<void> {
  for (const name of await readdir(cache)) {
    const stem = /^(.+)-[0-9a-f]{16}(\..+)?$/.exec(name)?.[1]
    if (stem !== undefined && isMeant(stem)) await rm(join(cache, name), { recursive: true })
  }
}
