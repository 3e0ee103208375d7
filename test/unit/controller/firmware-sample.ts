/** Firmware files for tests: what RAUC's have at their end, and at their beginning what the fake slots take. */
import { randomBytes } from 'node:crypto'

export interface SampleFile {
  readonly version: string
  readonly architecture?: string
  readonly padding?: number
}

/** Another one each time. */
export function firmwareFile({
  version,
  architecture = 'x86_64',
  padding = 300_000,
}: SampleFile): Buffer {
  const head = Buffer.from(`causeway ${version}\n`)
  const manifest = `[update]\ncompatible=causeway-${architecture}\nversion=${version}\n\n[bundle]\nformat=verity\n`
  // A CMS message has its content as it is, between what is not text.
  const message = Buffer.concat([randomBytes(40), Buffer.from(manifest), randomBytes(200)])
  const tail = Buffer.alloc(8)
  tail.writeBigUInt64BE(BigInt(message.length))
  return Buffer.concat([head, randomBytes(padding), message, tail])
}
