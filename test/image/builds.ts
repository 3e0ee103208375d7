/**
 * What the tests of the appliance start from: the image as `npm run image` has built it, and bundles made of it with small changes and by
 * whichever key. Each is made once for an image, and kept in .cache/image-test.
 */
import type { Disk } from './disks.ts'
import type { Arch } from './hardware.ts'

/** Of the keys that the tests' image is built with: what it trusts now, what it trusts as well, and nobody's. */
export const signers = ['current', 'next', 'foreign'] as const
export type Signer = (typeof signers)[number]

export interface BundleWish {
  readonly arch: Arch
  readonly version: string
  readonly signer: Signer
  /** Files of the root in place of those that are there. */
  readonly files?: Readonly<Record<string, string>>
}

/** The image as it is flashed. @throws LAB_INVALID: there is none yet */
export async function builtImage(_arch: Arch): Promise<Disk> {
  throw new Error('not yet')
}

/** Path of the image as it is handed out, compressed. */
export async function compressedImage(_arch: Arch): Promise<string> {
  throw new Error('not yet')
}

/** @returns the path of a bundle */
export async function bundleOf(_wish: BundleWish): Promise<string> {
  throw new Error('not yet')
}
