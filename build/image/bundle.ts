/** An update: a RAUC bundle with the slot's image, in a squashfs that is checked block by block while it is read (verity). */
import { link, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run, say } from './command.ts'
import type { Keys } from './keys.ts'
import type { Place } from './place.ts'
import type { Target } from './target.ts'

export interface BundleParts {
  readonly place: Place
  readonly target: Target
  readonly version: string
  readonly keys: Keys
  /** The squashfs. */
  readonly slot: string
}

export async function makeBundle(parts: BundleParts, file: string): Promise<void> {
  say('makes the update')
  const { place, target, version, keys, slot } = parts
  const folder = join(place.cache, `bundle-${target.name}`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await link(slot, join(folder, 'slot.img'))
  await writeFile(join(folder, 'manifest.raucm'), manifest(target, version))
  await rm(file, { force: true })
  // What is in it is compressed already.
  const how = ['--mksquashfs-args=-comp gzip -noD -noI -noF']
  await run(['rauc', '--cert', keys.certificate, '--key', keys.key, 'bundle', ...how, folder, file])
  await rm(folder, { recursive: true })
}

function manifest(target: Target, version: string): string {
  return `[update]
compatible=causeway-${target.name}
version=${version}

[bundle]
format=verity

[image.rootfs]
filename=slot.img
`
}
