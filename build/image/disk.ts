/** One disk as it is flashed: GPT with the EFI system partition, a slot, room for the other one, and a data partition that says that it is empty. */
import { mkdir, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run, say } from './command.ts'
import { fetchDebs } from './debs.ts'
import { mirrorsHere } from './lock.ts'
import type { Lock } from './package-list.ts'
import type { Place } from './place.ts'
import type { Target } from './target.ts'

const MiB = 1024 * 1024
/** The next slot's image may be larger than this one's. */
const slotBytes = 640 * MiB
/** What initramfs/scripts/init-bottom/causeway looks for. */
const emptyData = 'CAUSEWAY EMPTY DATA'

/** Fixed, so that two builds are one. A slot is found by its own. */
const ids = {
  disk: '5A8C4C19-6B1D-4F0E-9E57-0C5A5EC0DE00',
  esp: '5A8C4C19-6B1D-4F0E-9E57-0C5A5EC0DE01',
  A: '5A8C4C19-6B1D-4F0E-9E57-0C5A5EC0DE0A',
  B: '5A8C4C19-6B1D-4F0E-9E57-0C5A5EC0DE0B',
  data: '5A8C4C19-6B1D-4F0E-9E57-0C5A5EC0DE0D',
} as const

const linux = '0FC63DAF-8483-4772-8E79-3D69D8477DE4'
const partitions = [
  { name: 'esp', id: ids.esp, bytes: 64 * MiB, type: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B' },
  { name: 'slot-a', id: ids.A, bytes: slotBytes, type: linux },
  { name: 'slot-b', id: ids.B, bytes: slotBytes, type: linux },
  // Grows over all that a disk has: this is the least.
  { name: 'data', id: ids.data, bytes: 256 * MiB, type: linux },
] as const
const firstByte = MiB

export interface DiskParts {
  readonly place: Place
  readonly target: Target
  readonly lock: Lock
  /** The squashfs. */
  readonly slot: string
}

export async function makeDisk(parts: DiskParts, file: string): Promise<void> {
  say('puts the disk together')
  const { place, target, slot } = parts
  const { size } = await stat(slot)
  if (size > slotBytes) throw new Error(`the slot has ${size} bytes, its partition ${slotBytes}`)
  const work = join(place.cache, `disk-${target.name}`)
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  const esp = await makeEsp(parts, work)
  await rm(file, { force: true })
  await writeFile(file, '')
  const bytes = partitions.reduce((sum, one) => sum + one.bytes, firstByte)
  await truncate(file, bytes + MiB)
  await run(['sfdisk', '--quiet', file], { input: table() })
  await writeAt(esp, file, offsetOf('esp'))
  await writeAt(slot, file, offsetOf('slot-a'))
  const mark = await open(file, 'r+')
  await mark.write(emptyData, offsetOf('data'))
  await mark.close()
  await rm(work, { recursive: true })
}

function table(): string {
  const head = `label: gpt\nlabel-id: ${ids.disk}\nunit: sectors\nfirst-lba: 2048\n`
  const rows = partitions.map(({ name, id, bytes, type }) => {
    const place = `start=${offsetOf(name) / 512}, size=${bytes / 512}`
    return `${place}, type=${type}, uuid=${id}, name=${name}\n`
  })
  return head + rows.join('')
}

function offsetOf(name: (typeof partitions)[number]['name']): number {
  const index = partitions.findIndex((one) => one.name === name)
  return partitions.slice(0, index).reduce((sum, one) => sum + one.bytes, firstByte)
}

async function writeAt(from: string, to: string, offset: number): Promise<void> {
  const how = ['bs=1M', 'conv=notrunc,sparse', 'status=none', 'oflag=seek_bytes']
  await run(['dd', `if=${from}`, `of=${to}`, `seek=${offset}`, ...how])
}

/** Shim and GRUB as Debian signed them, GRUB's script, and its variables: slot A is good. */
async function makeEsp({ place, target, lock }: DiskParts, work: string): Promise<string> {
  const boot = lock.packages.filter(({ purpose }) => purpose === 'boot')
  for (const deb of await fetchDebs(boot, join(place.cache, 'debs'), mirrorsHere)) {
    await run(['dpkg-deb', '--extract', deb, join(work, 'boot')])
  }
  const { shim, grub } = target.efi
  const script = await readFile(join(place.source, 'image/boot/grub.cfg'), 'utf8')
  const words = { '@UUID_A@': ids.A.toLowerCase(), '@UUID_B@': ids.B.toLowerCase() }
  await writeFile(
    join(work, 'grub.cfg'),
    Object.entries(words).reduce((text, [word, id]) => text.replace(word, id), script),
  )
  await writeFile(join(work, 'grubenv'), environment('good=A\na=ok\nb=bad\ntry=\nfails=\n'))
  const file = join(work, 'esp.img')
  await writeFile(file, '')
  await truncate(file, partitions[0].bytes)
  const env = { SOURCE_DATE_EPOCH: String(lock.epoch), MTOOLS_SKIP_CHECK: '1', TZ: 'UTC' }
  await run(['mkfs.vfat', '--invariant', '-n', 'CAUSEWAY', file], { env })
  const lib = join(work, 'boot/usr/lib')
  const shimFolder = join(lib, 'shim')
  const grubFolder = join(lib, `grub/${target.name === 'arm64' ? 'arm64' : 'x86_64'}-efi-signed`)
  const signed = (await readdir(shimFolder)).find((name) => name === `shim${shim}.efi.signed`)
  if (signed === undefined) throw new Error('shim-signed has no signed shim')
  const files = [
    [join(shimFolder, signed), `EFI/BOOT/BOOT${shim.toUpperCase()}.EFI`],
    [join(grubFolder, `${grub}.efi.signed`), `EFI/BOOT/${grub}.efi`],
    [join(work, 'grub.cfg'), 'EFI/debian/grub.cfg'],
    [join(work, 'grubenv'), 'grub/grubenv'],
  ] as const
  await run(['mmd', '-i', file, '::EFI', '::EFI/BOOT', '::EFI/debian', '::grub'], { env })
  for (const [from, to] of files) {
    await run(['touch', '--date', `@${lock.epoch}`, from])
    await run(['mcopy', '-m', '-i', file, from, `::${to}`], { env })
  }
  return file
}

/** GRUB's environment block: 1,024 bytes, filled up with `#`. */
function environment(variables: string): string {
  return `# GRUB Environment Block\n${variables}`.padEnd(1024, '#')
}
