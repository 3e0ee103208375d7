/** Debian itself as a tree in a tar: what a slot's root is before anything of ours is in it, and the place where the native module is built. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run, say } from './command.ts'
import { fetchDebs, makeRepository } from './debs.ts'
import { needEmulator } from './emulator.ts'
import { kept } from './kept.ts'
import { mirrorsHere, suite } from './lock.ts'
import { type Lock, type Purpose, parseList } from './package-list.ts'
import type { Place } from './place.ts'
import type { Target } from './target.ts'

/** Of image/initramfs, where Debian looks for them. */
const ownFiles: Readonly<Record<string, string>> = {
  settings: '/etc/initramfs-tools/conf.d/causeway',
  modules: '/etc/initramfs-tools/modules',
  'hooks/causeway': '/etc/initramfs-tools/hooks/causeway',
  'scripts/init-bottom/causeway': '/etc/initramfs-tools/scripts/init-bottom/causeway',
  'plain-modules': '/etc/kernel/postinst.d/00-causeway',
}

/** @returns a tar, kept until something that it is made from differs */
export async function debianRoot(place: Place, target: Target, lock: Lock) {
  const initramfs = join(place.source, 'image/initramfs')
  const files = Object.keys(ownFiles)
  const texts = await Promise.all(files.map((file) => readFile(join(initramfs, file), 'utf8')))
  const leftOut = join(place.source, 'image/packages/left-out.cfg')
  const own = await Promise.all(
    [leftOut, import.meta.filename].map((file) => readFile(file, 'utf8')),
  )
  const from = [recipe(lock, 'root'), ...texts, ...own, String(lock.epoch)]
  return kept(place, { stem: `root-${target.name}`, from, ending: '.tar' }, async (tar) => {
    const copies = Object.entries(ownFiles).map(
      ([file, path]) => `install -D -m 755 '${initramfs}/${file}' "$1${path}"`,
    )
    // Before the kernel comes, whose set-up makes the initrd: it is made once, on ARM64 by an emulated processor.
    await bootstrap(place, target, lock, 'root', tar, [
      `--dpkgopt=${leftOut}`,
      ...['--dpkgopt=force-confold', `--essential-hook=${copies.join(' && ')}`],
    ])
  })
}

/** @returns a folder, kept until something that it is made from differs */
export async function buildRoot(place: Place, target: Target, lock: Lock) {
  const own = await readFile(import.meta.filename, 'utf8')
  const from = [recipe(lock, 'build'), own]
  return kept(place, { stem: `build-${target.name}`, from }, async (folder) => {
    const more = target.debian === 'amd64' ? [] : [`--architectures=amd64,${target.debian}`]
    await bootstrap(place, target, lock, 'build', folder, more)
  })
}

function recipe({ packages }: Lock, purpose: Purpose): string {
  const mine = packages.filter((one) => one.purpose === purpose)
  return mine.map(({ sha256 }) => sha256).join('\n')
}

async function bootstrap(
  place: Place,
  target: Target,
  lock: Lock,
  purpose: Purpose,
  output: string,
  more: readonly string[],
): Promise<void> {
  const list = await readFile(join(place.source, `image/packages/${purpose}.txt`), 'utf8')
  const mine = lock.packages.filter((one) => one.purpose === purpose)
  const files = await fetchDebs(mine, join(place.cache, 'debs'), mirrorsHere)
  const repository = join(place.cache, `repository-${target.name}-${purpose}`)
  await makeRepository(mine, files, repository)
  if (purpose === 'root') await needEmulator(target)
  say(`installs ${mine.length} packages of Debian ${suite} for ${target.name} (${purpose})`)
  const architecture = purpose === 'build' ? [] : [`--architectures=${target.debian}`]
  const argv = [
    ...['mmdebstrap', '--mode=root', '--variant=essential', '--skip=check/empty'],
    ...[...architecture, ...more],
    `--include=${parseList(list, target).join(',')}`,
    ...[suite, output, `deb [trusted=yes] copy://${repository} ./`],
  ]
  await run(argv, { env: { SOURCE_DATE_EPOCH: String(lock.epoch) } })
  await rm(repository, { recursive: true })
}
