/**
 * What an update says it is, once RAUC has found that it is signed by whom the image trusts; and whether this machine takes it. What is
 * in it is checked as it is written: block by block, against the hash that was signed.
 */
import { CausewayError } from '../../model/errors.ts'
import { compareVersions, isFirmwareVersion } from '../../model/firmware-version.ts'
import { isRaucBundle, isRaucStatus, type RaucStatus } from '../../model/rauc-answer.ts'
import { callRauc, raucFailed } from './rauc-call.ts'
import type { UpdateFile } from './update-file.ts'

const mostLetters = 256 * 1024

export interface Bundle {
  readonly compatible: string
  readonly version: string
}

/** @param rauc the program, and options of it @throws UPDATE_REFUSED, UPDATE_TRUNCATED, HOST_COMMAND_TIMEOUT */
export async function readBundle(
  rauc: readonly string[],
  { path, head }: Pick<UpdateFile, 'path' | 'head'>,
): Promise<Bundle> {
  const end = await callRauc([...rauc, 'info', '--output-format=json', path])
  if (end.code === null) throw raucFailed(end, 'read the update')
  if (end.code !== 0) throw refusalOf(end.said, head)
  return bundleOf(end.out)
}

/** @throws UPDATE_REFUSED it is for other machines; UPDATE_OLDER */
export function needFitting(
  { compatible, version }: Bundle,
  machine: { readonly compatible: string; readonly version: string | null },
): void {
  if (compatible !== machine.compatible) {
    const message = `this update is for other machines: it is for ${compatible}, this one is ${machine.compatible}`
    throw new CausewayError('UPDATE_REFUSED', message)
  }
  // An image that does not say what it is is as old as can be.
  if (machine.version === null || !isFirmwareVersion(machine.version)) return
  if (compareVersions(version, machine.version) < 0) {
    const message = `this update is older than what runs: ${version}, and ${machine.version} runs`
    throw new CausewayError('UPDATE_OLDER', message)
  }
}

/** @param said what `rauc info` printed @throws UPDATE_REFUSED */
export function bundleOf(said: string): Bundle {
  const value = jsonIn(said)
  if (!isRaucBundle(value)) throw refused('what the update says of itself cannot be read')
  const { compatible, version } = value
  if (version === null || !isFirmwareVersion(version)) {
    throw refused('the update does not say which version it is')
  }
  return { compatible, version }
}

/** @param said what `rauc status` printed @throws HOST_SYSTEM */
export function raucStatusOf(said: string): RaucStatus {
  const value = jsonIn(said)
  if (isRaucStatus(value)) return value
  throw new CausewayError('HOST_SYSTEM', 'what RAUC says of the slots cannot be read')
}

/** The one line of JSON; null: there is none, or it is longer than any that makes sense. */
function jsonIn(said: string): unknown {
  if (said.length > mostLetters) return null
  const line = said.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) return null
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

function refusalOf(detail: string, head: Uint8Array): CausewayError {
  if (isUnsigned(detail)) {
    return refused('this update is not signed by whom this machine trusts, or was changed', detail)
  }
  // A squashfs begins with this; the signature is at the end.
  if (Buffer.from(head).toString('latin1', 0, 4) === 'hsqs') {
    const message = 'this update ends before its signature: it was cut short, or has none'
    return new CausewayError('UPDATE_TRUNCATED', message, { detail })
  }
  return refused('this file is no update', detail)
}

/** @param said what RAUC wrote to stderr */
export function isUnsigned(said: string): boolean {
  return /signature verification failed|failed to (load|verify) .*certificate/i.test(said)
}

function refused(message: string, detail?: string): CausewayError {
  return new CausewayError('UPDATE_REFUSED', message, { detail })
}
