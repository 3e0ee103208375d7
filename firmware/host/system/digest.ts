/** SHA-256 (FIPS 180-4) for those who may not touch the machine themselves. */
import { createHash } from 'node:crypto'

/** In hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
