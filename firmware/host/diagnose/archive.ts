/** Texts as one .tar.gz: POSIX ustar (IEEE Std 1003.1, pax), gzip. Files are for whoever unpacks them alone. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const blockBytes = 512
const nameMaxBytes = 100

export interface ArchivePart {
  /** `kernel/addresses.txt`, at most 100 bytes. */
  readonly name: string
  readonly text: string
}

/** @param seconds since 1970: when it was made */
export function archiveOf(
  folder: string,
  parts: readonly ArchivePart[],
  seconds: number,
): Promise<Buffer> {
  const files = parts.flatMap(({ name, text }) => {
    const bytes = Buffer.from(text, 'utf8')
    const rest = Buffer.alloc(-bytes.length & (blockBytes - 1))
    return [headerOf(`${folder}/${name}`, bytes.length, seconds), bytes, rest]
  })
  // Two blocks of zeros end it.
  return promisify(gzip)(Buffer.concat([...files, Buffer.alloc(2 * blockBytes)]))
}

function headerOf(name: string, length: number, seconds: number): Buffer {
  const header = Buffer.alloc(blockBytes)
  const octal = (value: number, digits: number): string =>
    `${Math.floor(value).toString(8).padStart(digits, '0')}\0`
  header.write(name.slice(0, nameMaxBytes), 0)
  header.write(octal(0o600, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(length, 11), 124)
  header.write(octal(seconds, 11), 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  // Of all bytes, its own place as blanks.
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}
