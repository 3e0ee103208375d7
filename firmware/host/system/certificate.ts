/**
 * The certificate with which the box shows itself to browsers in its LANs: ECDSA P-256, signed by itself, made here by
 * Debian's openssl, since Node makes none. Key and certificate lie in one file for their owner only; it is made anew when
 * it cannot be used, ends soon, or other addresses are to be in it. RFC 5280; the key comes by a pipe and is
 * never an argument.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CausewayError } from '../../model/errors.ts'
import { run } from './command.ts'
import { readIfThere, replaceFile } from './file.ts'

export interface Certificate {
  /** PEM, PKCS #8. */
  readonly key: string
  /** PEM. */
  readonly certificate: string
}

/** Browsers take no longer one. */
const days = 397
const mostRead = 7
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
  return made
}

/** Of a folder that has one for each address, a few at most; what cannot be read is left out. PEM, with their keys. */
export async function readCertificates(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.pem'))
  const read = names
    .toSorted()
    .slice(0, mostRead)
    .map((name) => readIfThere(join(folder, name)).catch(() => null))
  return (await Promise.all(read)).filter((text) => text !== null)
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
