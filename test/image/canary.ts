/**
 * Texts that were put on a box to be found again, or not: a disk is searched for each of them in all forms in which programs write a text
 * down (as it is, in UTF-16, base64 at any offset, hex, and backwards as no store keeps it whole).
 */
import { open } from 'node:fs/promises'

const chunkBytes = 4 * 1024 * 1024

export interface Canary {
  /** What it was part of: `a peer's name`. */
  readonly what: string
  readonly text: string
}

export interface Found {
  readonly canary: Canary
  readonly form: string
  readonly offset: number
}

interface Form {
  readonly name: string
  readonly bytes: Buffer
}

/** The bytes by which a text is known in each form. Pure. */
export function formsOf(text: string): Form[] {
  const plain = Buffer.from(text)
  const base64 = [0, 1, 2].map((shift) => ({
    name: `base64, shifted by ${shift}`,
    bytes: Buffer.from(base64Core(plain, shift)),
  }))
  return [
    { name: 'as it is', bytes: plain },
    { name: 'UTF-16 LE', bytes: Buffer.from(text, 'utf16le') },
    { name: 'UTF-16 BE', bytes: Buffer.from(text, 'utf16le').swap16() },
    { name: 'hex', bytes: Buffer.from(plain.toString('hex')) },
    ...base64,
    ...base64.map(({ name, bytes }) => ({
      name: `${name}, for URLs`,
      bytes: Buffer.from(
        bytes.toString('latin1').replaceAll('+', '-').replaceAll('/', '_'),
        'latin1',
      ),
    })),
  ]
}

/** Those characters of base64 that are the same whatever stands before and behind the text. */
function base64Core(plain: Buffer, shift: number): string {
  const whole = Buffer.concat([Buffer.alloc(shift), plain]).toString('base64')
  const from = Math.ceil((shift * 8) / 6)
  const to = Math.floor(((shift + plain.length) * 8) / 6)
  return whole.slice(from, to)
}

/** Searches a file from its beginning to its end. @returns at most a hundred places */
export async function findCanaries(path: string, canaries: readonly Canary[]): Promise<Found[]> {
  const wanted = canaries.flatMap((canary) =>
    formsOf(canary.text).map((form) => ({ canary, ...form })),
  )
  const overlap = Math.max(...wanted.map(({ bytes }) => bytes.length)) - 1
  const found: Found[] = []
  await using file = await open(path, 'r')
  const buffer = Buffer.alloc(overlap + chunkBytes)
  let kept = 0
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, kept, chunkBytes, at)
    if (bytesRead === 0) return found
    const view = buffer.subarray(0, kept + bytesRead)
    const base = at - kept
    if (!isEmpty(view)) {
      for (const { canary, name, bytes } of wanted) {
        for (let here = view.indexOf(bytes); here !== -1; here = view.indexOf(bytes, here + 1)) {
          // What lies wholly in what was kept has been found before.
          if (here + bytes.length > kept && found.length < 100) {
            found.push({ canary, form: name, offset: base + here })
          }
        }
      }
    }
    at += bytesRead
    kept = Math.min(overlap, view.length)
    view.copy(buffer, 0, view.length - kept)
  }
}

/** Most of a disk is. */
function isEmpty(view: Buffer): boolean {
  return view[0] === 0 && view.subarray(1).equals(view.subarray(0, -1))
}
