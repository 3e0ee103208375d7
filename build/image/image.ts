/**
 * `npm run image -- x86_64|arm64`: makes what is flashed, and what updates a box that was. `npm run image -- lock` fixes anew which
 * versions of Debian's packages are in it.
 */
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeBundle } from './bundle.ts'
import { run, say } from './command.ts'
import { sha256Of } from './debs.ts'
import { makeDisk } from './disk.ts'
import { forgetKept } from './kept.ts'
import { makeKeys, makeSuccessor, readKeys, renewRelease } from './keys.ts'
import { makeLock, mirrorsHere } from './lock.ts'
import { formatLock, lockPath, type Purpose, purposes, readLock } from './package-list.ts'
import { claim, type Place, placeHere } from './place.ts'
import { makeSbom } from './sbom.ts'
import { makeRoot, packRoot } from './slot.ts'
import { type Target, targetNames, targetOf } from './target.ts'

const usage = `usage: npm run image -- ${targetNames.join('|')} [--version 1.2.3] [--keys FOLDER] [--change FOLDER] [--out FOLDER] [--anew]
       npm run image -- keys FOLDER [--renew | --after OLD-FOLDER]
       npm run image -- lock
  --version  what the image calls itself, and what updates are compared by (that of package.json)
  --keys     keyring.pem, release.pem and release.key of whoever signs updates (some for trying, made at need)
  --change   a tree to lay over the root
  --out      where it all goes (.cache/image/out/MACHINE)
  --anew     takes nothing that was made before, but packages as they were fetched
  --renew    a new release.pem and release.key there, by its authority.key
  --after    the second authority of OLD-FOLDER is the first of the new one: boxes that know the old ones take what it signs`

// Whoever builds may have another: files of an image have the same modes.
process.umask(0o022)
const { values, positionals } = typed()
const [verb = '', ...more] = positionals
const target = targetOf(verb)
const [keyFolder] = more
const isSound = verb === 'keys' ? more.length === 1 : more.length === 0
if (verb !== 'keys' && (values.renew || values.after !== undefined)) {
  misused('--renew and --after are of keys')
}
if (values.renew && values.after !== undefined) misused('--renew and --after are two things')
if (!isSound || !['keys', 'lock', ...targetNames].includes(verb)) {
  misused(`'${positionals.join(' ')}'`)
}
try {
  const place = placeHere()
  await mkdir(place.cache, { recursive: true })
  await claim(place)
  if (keyFolder !== undefined) await changeKeys(keyFolder)
  else if (target === null) await lockAll(place)
  else await build(place, target)
} catch (error) {
  console.error(`image: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}

function typed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        version: { type: 'string' },
        keys: { type: 'string' },
        change: { type: 'string' },
        out: { type: 'string' },
        anew: { type: 'boolean', default: false },
        renew: { type: 'boolean', default: false },
        after: { type: 'string' },
      },
    })
  } catch (error) {
    misused((error as Error).message)
  }
}

function misused(problem: string): never {
  console.error(`image: ${problem}\n${usage}`)
  process.exit(2)
}

async function changeKeys(folder: string): Promise<void> {
  const { renew, after } = values
  if (renew) await renewRelease(folder)
  else if (after !== undefined) await makeSuccessor(folder, after)
  else await makeKeys(folder)
}

async function lockAll(place: Place): Promise<void> {
  const mirrors = await mirrorsHere()
  const epoch = Math.floor(Date.now() / 1000)
  const textOf = (purpose: Purpose): Promise<string> =>
    readFile(join(place.source, `image/packages/${purpose}.txt`), 'utf8')
  const texts = await Promise.all(purposes.map(async (one) => [one, await textOf(one)] as const))
  const lists = Object.fromEntries(texts) as Record<Purpose, string>
  for (const name of targetNames) {
    const machine = targetOf(name)!
    const packages = await makeLock(machine, lists, mirrors, join(place.cache, 'apt'))
    await writeFile(lockPath(place.source, machine), formatLock({ epoch, packages }))
    say(`${name}: ${packages.length} packages`)
  }
}

async function build(place: Place, machine: Target): Promise<void> {
  const version = values.version ?? (await ownVersion(place))
  if (!/^\d{1,4}\.\d{1,4}\.\d{1,4}$/.test(version)) misused('--version takes 1.2.3')
  const folder = values.keys ?? join(place.cache, 'keys')
  if (values.keys === undefined && !(await stat(folder).catch(() => null))) {
    say(
      `makes keys for trying in ${folder}: boxes that are to last want others, see image/README.md`,
    )
    await makeKeys(folder)
  }
  const keys = await readKeys(folder)
  if (values.anew) await forgetKept(place, machine.name)
  const lock = await readLock(place.source, machine)
  const out = values.out ?? join(place.cache, 'out', machine.name)
  await mkdir(out, { recursive: true })
  const name = `causeway-${version}-${machine.name}`
  const [disk, bundle, slot, sbom] = ['img', 'raucb', 'slot', 'cdx.json'].map((end) =>
    join(out, `${name}.${end}`),
  ) as [string, string, string, string]
  const change = values.change
  const parts = { place, target: machine, lock, version, keyring: keys.keyring }
  const root = await makeRoot({ ...parts, ...(change === undefined ? {} : { change }) })
  await packRoot(parts, root, slot)
  await makeSbom({ place, lock, target: machine, version }, root, sbom)
  await makeDisk({ place, target: machine, lock, slot }, disk)
  await makeBundle({ place, target: machine, version, keys, slot }, bundle)
  say('compresses the disk')
  await run(['zstd', '--quiet', '--force', '-3', '--single-thread', disk, '-o', `${disk}.zst`])
  await rm(root, { recursive: true })
  const sums: string[] = []
  for (const file of [`${disk}.zst`, bundle, slot, sbom]) {
    sums.push(`${await sha256Of(file)}  ${basename(file)}\n`)
  }
  await writeFile(join(out, 'SHA256SUMS.new'), sums.join(''))
  await rename(join(out, 'SHA256SUMS.new'), join(out, 'SHA256SUMS'))
  say(`${out} has ${name}.img.zst, to be flashed, and ${name}.raucb, to update from`)
}

async function ownVersion(place: Place): Promise<string> {
  const text = await readFile(join(place.source, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
