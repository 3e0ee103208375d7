/**
 * The packages of a lock as files, each with the hash that the lock has, and a repository of them alone: what is built from it is what
 * the lock says, whatever a mirror has by then. Files are kept, so a lock builds again after its versions have left the mirrors.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { link, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { run, say } from './command.ts'
import { type Mirrors, suite } from './lock.ts'
import type { LockedPackage } from './package-list.ts'

const mostAtOnce = 4
/** Of one package: the kernel has 100 MB. */
const mostMs = 10 * 60_000

/** @returns the file of each, in order. @throws an error that says which is not to be had */
export async function fetchDebs(
  packages: readonly LockedPackage[],
  folder: string,
  mirrors: () => Promise<Mirrors>,
): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const files = packages.map(({ sha256 }) => join(folder, `${sha256}.deb`))
  const missing: number[] = []
  for (const [index, file] of files.entries()) {
    if (!(await stat(file).catch(() => null))) missing.push(index)
  }
  if (missing.length > 0) say(`fetches ${missing.length} packages`)
  const bases = missing.length > 0 ? await mirrors() : null
  const fetchNext = async (): Promise<void> => {
    for (let index = missing.pop(); index !== undefined; index = missing.pop()) {
      await fetchDeb(packages[index]!, files[index]!, bases!)
    }
  }
  await Promise.all(Array.from({ length: mostAtOnce }, fetchNext))
  return files
}

async function fetchDeb(wanted: LockedPackage, file: string, mirrors: Mirrors): Promise<void> {
  const { name, version, path, sha256 } = wanted
  const [archive, ...rest] = path.split('/') as [keyof Mirrors, ...string[]]
  const url = mirrors[archive] + rest.map(encodeURIComponent).join('/')
  const answer = await fetch(url, { signal: AbortSignal.timeout(mostMs) })
  if (!answer.ok || answer.body === null) {
    throw new Error(`${name} ${version} is not on the mirror any more: sudo npm run image -- lock`)
  }
  const unchecked = `${file}.${process.pid}`
  await pipeline(Readable.fromWeb(answer.body as never), createWriteStream(unchecked))
  const found = await sha256Of(unchecked)
  if (found !== sha256) {
    await rm(unchecked)
    throw new Error(`${name} ${version} has another hash than the lock: ${found}`)
  }
  await rename(unchecked, file)
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/** A flat repository (sources.list(5)) of these. Its entries are the packages' own, so its hashes are the lock's. */
export async function makeRepository(
  packages: readonly LockedPackage[],
  files: readonly string[],
  folder: string,
): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const stanzas: string[] = []
  for (const [index, file] of files.entries()) {
    const { sha256 } = packages[index]!
    const { size } = await stat(file)
    const control = (await run(['dpkg-deb', '--field', file])).trimEnd()
    await link(file, join(folder, `${sha256}.deb`))
    stanzas.push(`${control}\nFilename: ./${sha256}.deb\nSize: ${size}\nSHA256: ${sha256}\n`)
  }
  const index = stanzas.join('\n')
  const digest = createHash('sha256').update(index).digest('hex')
  await writeFile(join(folder, 'Packages'), index)
  // mmdebstrap asks for essential packages of a suite by its name.
  const head = `Suite: ${suite}\nCodename: ${suite}\nSHA256:\n ${digest} ${Buffer.byteLength(index)} Packages\n`
  await writeFile(join(folder, 'Release'), head)
}
