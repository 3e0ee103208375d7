/**
 * The certificate with which the box shows itself to browsers in its LANs: ECDSA P-256, signed by itself, made here by
 * Debian's openssl, since Node makes none. Key and certificate lie in one file for their owner only; it is made anew when
 * it cannot be used, ends soon, or other addresses are to be in it; those beside that have ended go then. RFC 5280; the key comes by a pipe and is
 * never an argument.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CausewayError } from '../../model/errors.ts'
import { run } from './command.ts'
import { readIfThere, removeFile, replaceFile } from './file.ts'

export interface Certificate {
  /** PEM, PKCS #8. */
  readonly key: string
  /** PEM. */
  readonly certificate: string
}

/** Browsers take no longer one. */
const days = 397
const renewMs = 30 * 24 * 3600 * 1000

/** @param addresses without length. @throws STORE_WRITE_FAILED, HOST_COMMAND_ errors */
export async function openCertificate(
  path: string,
  addresses: readonly string[],
  wallMs: number,
): Promise<Certificate> {
  const kept = await readIfThere(path).catch(() => null)
  const found = kept === null ? null : partsOf(kept)
  if (found !== null && isGood(found, addresses, wallMs)) return found
  const made = await make(addresses)
  await replaceFile(path, made.key + made.certificate)
  // Those that stay go the next time.
  await removeEnded(path, wallMs).catch(() => {})
  return made
}

/** Of addresses that the box has no more: who asks by one that comes back is shown another then anyway. */
async function removeEnded(own: string, wallMs: number): Promise<void> {
  const folder = dirname(own)
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (path === own || !name.endsWith('.pem')) continue
    const found = partsOf((await readIfThere(path)) ?? '')
    if (found === null || !hasEnded(found, wallMs)) continue
    await removeFile(path)
  }
}

async function make(addresses: readonly string[]): Promise<Certificate> {
  const names = addresses.map((address) => `IP:${address}`).join(',')
  const extensions = [
    ...['-addext', `subjectAltName=${names}`],
    ...['-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-addext', 'extendedKeyUsage=serverAuth'],
  ]
  const subject = ['-subj', '/CN=Causeway gateway', '-days', String(days), '-sha256']
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', '-']
  const argv = ['openssl', 'req', '-x509', ...newKey, ...subject, ...extensions]
  const made = partsOf(await run(argv))
  if (made !== null) return made
  throw new CausewayError('HOST_COMMAND_FAILED', 'openssl made no certificate')
}

/** Null for what is no key with its certificate. */
function partsOf(pem: string): Certificate | null {
  const [key] = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n/.exec(pem) ?? []
  const [certificate] =
    /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/.exec(pem) ?? []
  return key === undefined || certificate === undefined ? null : { key, certificate }
}

function hasEnded({ certificate }: Certificate, wallMs: number): boolean {
  try {
    return new X509Certificate(certificate).validToDate.getTime() < wallMs
  } catch {
    return false
  }
}

function isGood(
  { key, certificate }: Certificate,
  addresses: readonly string[],
  wallMs: number,
): boolean {
  try {
    const parsed = new X509Certificate(certificate)
    return (
      parsed.checkPrivateKey(createPrivateKey(key)) &&
      addresses.every((address) => parsed.checkIP(address) !== undefined) &&
      parsed.validToDate.getTime() - wallMs > renewMs
    )
  } catch {
    // Not read at all: it is made anew.
    return false
  }
}
