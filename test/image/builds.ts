/**
 * What the tests of the appliance start from: the image as `npm run image` has built it here, with keys of its own, and updates made of it:
 * with another version, with some files changed, signed by whichever key. Each is made once for an image, and kept in .cache/image-test.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeBundle } from '../../build/image/bundle.ts'
import { type Keys, makeKeys } from '../../build/image/keys.ts'
import { type Place, placeHere } from '../../build/image/place.ts'
import { slotArgs } from '../../build/image/slot.ts'
import { targetOf } from '../../build/image/target.ts'
import { CausewayError } from '../../firmware/model/errors.ts'
import { run } from '../lab/command.ts'
import { type Disk, imageTestFolder, keepNewest } from './disks.ts'
import type { Arch } from './hardware.ts'

/** The image's own key, that of the second authority that it knows, and one of nobody's. */
export type Signer = 'current' | 'next' | 'foreign'

export interface BundleWish {
  readonly arch: Arch
  readonly version: string
  readonly signer: Signer
  /** Files of the root, by their path, in place of those that are there. */
  readonly files?: Readonly<Record<string, string>>
}

/** Version of the image that is flashed. */
export const imageVersion = '0.1.0'
/** Those of two images. */
const mostBundles = 16
const packMs = 15 * 60_000
const markBytes = 1024 * 1024

/** The image as it is flashed. @throws LAB_INVALID: nobody has built it */
export async function builtImage(arch: Arch): Promise<Disk> {
  return { path: await built(arch, 'img'), format: 'raw' }
}

/** The same as it is handed out, compressed. */
export function compressedImage(arch: Arch): Promise<string> {
  return built(arch, 'img.zst')
}

/** What lies in a slot: a squashfs. */
export function slotImage(arch: Arch): Promise<string> {
  return built(arch, 'slot')
}

async function built(arch: Arch, ending: string): Promise<string> {
  const place = await placeHere()
  const path = join(place.cache, `out/${arch}/causeway-${imageVersion}-${arch}.${ending}`)
  if (await stat(path).catch(() => null)) return path
  throw new CausewayError('LAB_INVALID', `there is no image: npm run image -- ${arch}`)
}

/** @returns the path of the update */
export async function bundleOf(wish: BundleWish): Promise<string> {
  const { arch, version, signer } = wish
  const slot = await built(arch, 'slot')
  const key = createHash('sha256')
    .update(JSON.stringify(wish))
    .update(await markOf(slot))
  const folder = join(imageTestFolder, 'bundles')
  const path = join(folder, `${key.digest('hex').slice(0, 16)}.raucb`)
  if (await stat(path).catch(() => null)) return path
  await mkdir(folder, { recursive: true })
  const own = await placeHere()
  // Two lines that make one at once do not meet.
  const place: Place = { ...own, cache: join(folder, `work-${randomUUID()}`) }
  await mkdir(place.cache)
  try {
    // What is refused unread may have the files of any other.
    const isUnread = signer === 'foreign' || isOlder(version)
    const image = isUnread ? slot : await repacked(place, slot, wish)
    const keys = await keysOf(own, signer)
    const parts = { place, target: targetOf(arch)!, version, keys, slot: image }
    await makeBundle(parts, join(place.cache, 'new.raucb'))
    await rename(join(place.cache, 'new.raucb'), path)
    keepNewest(folder, mostBundles)
    return path
  } finally {
    await rm(place.cache, { recursive: true, force: true })
  }
}

/** Tells one build from another: of a squashfs, its head has the time and the size. */
async function markOf(slot: string): Promise<Buffer> {
  await using file = await open(slot, 'r')
  const head = Buffer.alloc(markBytes)
  await file.read(head, 0, head.length, 0)
  return Buffer.concat([head, Buffer.from(String((await file.stat()).size))])
}

function isOlder(version: string): boolean {
  return version.localeCompare(imageVersion, 'en', { numeric: true }) < 0
}

/** Where an image says which version it is, and which it takes at least. */
const versionLines = [
  ['usr/lib/os-release', 'IMAGE_VERSION'],
  ['etc/rauc/system.conf', 'min-bundle-version'],
] as const

/** The same root with another version and other files. */
async function repacked(place: Place, slot: string, wish: BundleWish): Promise<string> {
  const root = join(place.cache, 'root')
  const image = join(place.cache, 'slot.img')
  await run(['unsquashfs', '-quiet', '-no-progress', '-d', root, slot], { timeoutMs: packMs })
  for (const [path, name] of versionLines) {
    const text = await readFile(join(root, path), 'utf8')
    const line = new RegExp(`^${name}=.*$`, 'm')
    await writeFile(join(root, path), text.replace(line, `${name}=${wish.version}`))
  }
  for (const [path, content] of Object.entries(wish.files ?? {})) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    // Where it is a link, the file behind it.
    await writeFile(join(root, path), content)
  }
  // As a slot is, but packed in a hurry.
  const hurried = ['-Xalgorithm', 'lzo1x_1']
  await run(['mksquashfs', root, image, ...slotArgs, ...hurried], { timeoutMs: packMs })
  return image
}

async function keysOf({ cache }: Place, signer: Signer): Promise<Keys> {
  const own = join(cache, 'keys')
  const foreign = join(imageTestFolder, 'foreign-keys')
  if (signer === 'foreign' && !(await stat(foreign).catch(() => null))) await makeKeys(foreign)
  const folder = signer === 'foreign' ? foreign : own
  const name = signer === 'next' ? 'next' : 'release'
  return {
    keyring: join(folder, 'keyring.pem'),
    certificate: join(folder, `${name}.pem`),
    key: join(folder, `${name}.key`),
  }
}
