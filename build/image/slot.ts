/** The root of a slot: Debian, what image/rootfs lays over it, the program, and what this one build is; as one squashfs. */
import { chmod, cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { run, say } from './command.ts'
import { nativeModules, stripProgram } from './native.ts'
import type { Lock } from './package-list.ts'
import type { Place } from './place.ts'
import { makeProgram } from './program.ts'
import { debianRoot } from './root.ts'
import type { Target } from './target.ts'

export interface SlotParts {
  readonly place: Place
  readonly target: Target
  readonly lock: Lock
  /** What updates are compared by: 1.2.3. */
  readonly version: string
  /** Certificates of the authorities whose bundles it will take, PEM. */
  readonly keyring: string
  /** A tree that is laid over all else: whoever builds for boxes of their own. */
  readonly change?: string
}

/** Folders that a slot has for what lies elsewhere. */
const mountPoints = ['data', 'efi', 'var/log/journal', 'var/lib/causeway', 'etc/causeway/main']

/** @returns the folder, which the next build of this machine replaces */
export async function makeRoot(parts: SlotParts): Promise<string> {
  const { place, target, lock, change } = parts
  const native = await nativeModules(place, target, lock)
  const tar = await debianRoot(place, target, lock)
  const root = join(place.cache, `slot-${target.name}`)
  await rm(root, { recursive: true, force: true })
  await mkdir(root, { recursive: true })
  await run(['tar', '-xf', tar, '-C', root, '--numeric-owner', '--exclude=./dev/*'])
  const program = join(root, 'usr/lib/causeway')
  const strip = (file: string): Promise<void> => stripProgram(place, target, lock, file)
  await makeProgram(place, target, native, strip, program)
  await cp(join(place.source, 'webui/out'), join(root, 'usr/share/causeway/webui'), {
    recursive: true,
    filter: (path) => basename(path) !== '.built',
  })
  await mkdir(join(root, 'usr/share/causeway/roots'), { recursive: true })
  await layOver(join(place.source, 'image/rootfs'), root)
  await run(['systemd-sysusers', `--root=${root}`, 'causeway.conf'])
  await nameBuild(parts, root)
  if (change !== undefined) await layOver(change, root)
  await switchUnits(root)
  return root
}

/** How mksquashfs packs a slot. */
export const slotArgs = [
  ...['-comp', 'lzo', '-b', '128K', '-no-xattrs', '-noappend'],
  ...['-quiet', '-no-progress'],
] as const

/** GRUB reads the kernel out of it. Of what it knows LZO is read fastest: at a start that counts for more than a tenth in size. */
export async function packRoot({ lock }: SlotParts, root: string, file: string): Promise<void> {
  say('packs the slot')
  await rm(file, { force: true })
  const env = { SOURCE_DATE_EPOCH: String(lock.epoch) }
  await run(['mksquashfs', root, file, ...slotArgs], { env })
}

async function layOver(from: string, root: string): Promise<void> {
  await run(['cp', '-rP', '--no-preserve=ownership', `${from}/.`, root])
  // Whoever checked the project out may have a umask of their own.
  const all = await readdir(from, { recursive: true, withFileTypes: true })
  for (const entry of all) {
    if (entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    const isRun = entry.isDirectory() || ((await stat(path)).mode & 0o111) !== 0
    await chmod(join(root, path.slice(from.length + 1)), isRun ? 0o755 : 0o644)
  }
}

async function nameBuild(parts: SlotParts, root: string): Promise<void> {
  const { target, version, keyring, place } = parts
  for (const path of mountPoints) await mkdir(join(root, path), { recursive: true })
  const kernels = (await readdir(join(root, 'boot'))).filter((name) => name.startsWith('vmlinuz-'))
  if (kernels.length !== 1) throw new Error(`the root has ${kernels.length} kernels`)
  const release = kernels[0]!.slice('vmlinuz-'.length)
  await symlink(`vmlinuz-${release}`, join(root, 'boot/vmlinuz'))
  await symlink(`initrd.img-${release}`, join(root, 'boot/initrd.img'))
  const osRelease = join(root, 'usr/lib/os-release')
  const name = `IMAGE_ID=causeway\nIMAGE_VERSION=${version}\n`
  await writeFile(osRelease, (await readFile(osRelease, 'utf8')) + name)
  await mkdir(join(root, 'etc/rauc'), { recursive: true })
  await writeFile(join(root, 'etc/rauc/keyring.pem'), keyring)
  const system = await readFile(join(place.source, 'image/rauc/system.conf'), 'utf8')
  await writeFile(
    join(root, 'etc/rauc/system.conf'),
    system.replace('@ARCH@', target.name).replace('@VERSION@', version),
  )
  await writeFile(join(root, 'etc/machine-id'), '')
  await writeFile(join(root, 'etc/causeway/appliance'), '')
  // Made when the package was set up; a box makes its own.
  for (const name of await readdir(join(root, 'etc/ssh'))) {
    if (name.startsWith('ssh_host_')) await rm(join(root, 'etc/ssh', name))
  }
  // What systemd does after an update (systemd-update-done.service(8)) is done for a tree that nobody updates.
  for (const folder of ['etc', 'var']) await writeFile(join(root, folder, '.updated'), '')
}

/** As image/rootfs says in its preset; nobody logs in. */
async function switchUnits(root: string): Promise<void> {
  const file = join(root, 'usr/lib/systemd/system-preset/10-causeway.preset')
  const lines = (await readFile(file, 'utf8')).split('\n')
  for (const line of lines) {
    const [verb, unit] = line.trim().split(/\s+/)
    if (unit === undefined || verb?.startsWith('#')) continue
    await run([
      'systemctl',
      `--root=${root}`,
      '--quiet',
      verb === 'disable' ? 'disable' : 'enable',
      unit,
    ])
  }
  await run(['passwd', '--quiet', '--root', root, '--lock', 'root'])
}
