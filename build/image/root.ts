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

/** Nobody reads manuals on a box, and it has no sound, radio or pictures: a third of the kernel's modules. */
const leftOut = [
  ...['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*'],
  ...[
    'sound',
    'drivers/gpu',
    'drivers/media',
    'drivers/staging',
    'drivers/iio',
    'drivers/comedi',
  ].map((folder) => `/usr/lib/modules/*/kernel/${folder}/*`),
  ...['net/wireless', 'isdn', 'bluetooth', 'input/joystick', 'video', 'hwmon/pmbus'].map(
    (folder) => `/usr/lib/modules/*/kernel/drivers/${folder}/*`,
  ),
]
/** Licences stay. */
const stays = ['/usr/share/doc/*/copyright']

/** @returns a tar, kept until something that it is made from differs */
export async function debianRoot(place: Place, target: Target, lock: Lock) {
  const initramfs = join(place.source, 'image/initramfs')
  const files = ['hooks/causeway', 'scripts/init-bottom/causeway', 'modules', 'settings']
  const texts = await Promise.all(files.map((file) => readFile(join(initramfs, file), 'utf8')))
  const own = await readFile(import.meta.filename, 'utf8')
  const from = [recipe(lock, 'root'), ...texts, own, String(lock.epoch)]
  return kept(place, { stem: `root-${target.name}`, from, ending: '.tar' }, async (tar) => {
    const copies = [
      'mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/etc/initramfs-tools/hooks" "$1/etc/initramfs-tools/scripts/init-bottom"',
      `cp '${initramfs}/settings' "$1/etc/initramfs-tools/conf.d/causeway"`,
      `cp '${initramfs}/modules' "$1/etc/initramfs-tools/modules"`,
      `cp '${initramfs}/hooks/causeway' "$1/etc/initramfs-tools/hooks/"`,
      `cp '${initramfs}/scripts/init-bottom/causeway' "$1/etc/initramfs-tools/scripts/init-bottom/"`,
    ].join(' && ')
    // Before the kernel comes, whose set-up makes the initrd: it is made once, on ARM64 by an emulated processor.
    await bootstrap(place, target, lock, 'root', tar, [
      ...[...leftOut.map((path) => `--dpkgopt=path-exclude=${path}`)],
      ...[...stays.map((path) => `--dpkgopt=path-include=${path}`)],
      ...['--dpkgopt=force-confold', `--essential-hook=${copies}`],
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
