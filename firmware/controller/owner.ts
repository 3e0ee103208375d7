/**
 * The keys of an owner at its controller, in files for its own eyes: the authority that signs certificates, vouchers and
 * configurations, made at the first start; the key and certificate that the controller shows, made anew when they end soon or
 * other names are asked for; and, where the owner has roots of its own, the words of its roots for the authority, a line each.
 */
import { type KeyObject, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import {
  type Authority,
  isNamed,
  isServerOf,
  issueServerCertificate,
  makeAuthority,
} from '../host/pki/certificate.ts'
import { openKeys, privatePem } from '../host/pki/p256.ts'
import { makeFile, readIfThere, replaceFile } from '../host/system/file.ts'
import { CausewayError } from '../model/errors.ts'

export interface Owner {
  readonly authority: Authority
  /** PEM, for TLS. */
  readonly server: { readonly key: string; readonly certificate: string }
  /** The same, or one made anew since that ends soon. @throws STORE_WRITE_FAILED */
  readonly serverAt: (nowMs: number) => Promise<Owner['server']>
  /** JWS each; none: the owner has no root of its own. */
  readonly delegations: readonly string[]
  /** From the next start on. @throws STORE_WRITE_FAILED */
  readonly keepDelegations: (delegations: readonly string[]) => Promise<void>
}

/** Longer than a box lies in a cupboard: whoever has lost its owner's authority is blank again. */
const authorityDays = 20 * 365
const serverDays = 397
const renewMs = 30 * 86_400_000

/** @throws STORE_KEY_PERMISSIONS, STORE_KEY_INVALID, STORE_WRITE_FAILED */
export async function openOwner(
  folder: string,
  hosts: readonly string[],
  nowMs: number,
): Promise<Owner> {
  const keys = await openKeys(join(folder, 'owner.key'))
  const { privateKey } = keys
  const path = join(folder, 'owner.pem')
  const kept = await readIfThere(path)
  if (kept === null) {
    const { certificate } = await makeAuthority(keys, 'Causeway owner', authorityDays, nowMs)
    await makeFile(path, certificate)
  }
  const certificate = (await readIfThere(path)) ?? ''
  if (!isOf(certificate, privateKey)) {
    throw new CausewayError('STORE_KEY_INVALID', `${path} is not the certificate of owner.key`)
  }
  const authority = { privateKey, certificate }
  const server = await openServer(folder, authority, hosts, nowMs)
  const words = join(folder, 'delegation.jws')
  const delegations = ((await readIfThere(words)) ?? '').split('\n').filter((one) => one !== '')
  return {
    ...{ authority, server, delegations },
    serverAt: (laterMs) => openServer(folder, authority, hosts, laterMs),
    keepDelegations: (texts) => replaceFile(words, texts.map((one) => `${one}\n`).join('')),
  }
}

async function openServer(
  folder: string,
  authority: Authority,
  hosts: readonly string[],
  nowMs: number,
): Promise<Owner['server']> {
  const { privateKey, publicKey } = await openKeys(join(folder, 'server.key'))
  const key = privatePem(privateKey)
  const path = join(folder, 'server.pem')
  const kept = await readIfThere(path)
  if (kept !== null && isGood(kept, authority, privateKey, hosts, nowMs)) {
    return { key, certificate: kept }
  }
  const certificate = await issueServerCertificate(authority, publicKey, hosts, serverDays, nowMs)
  await replaceFile(path, certificate)
  return { key, certificate }
}

function isOf(certificate: string, key: KeyObject): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(key)
  } catch {
    return false
  }
}

/** Keys that were put back may be those of another authority than the one that signed what lies beside them. */
function isGood(
  certificate: string,
  authority: Authority,
  key: KeyObject,
  hosts: readonly string[],
  nowMs: number,
): boolean {
  try {
    const read = new X509Certificate(certificate)
    return (
      isServerOf(read, [authority.certificate]) &&
      read.checkPrivateKey(key) &&
      hosts.every((host) => isNamed(read, host)) &&
      read.validToDate.getTime() - nowMs > renewMs
    )
  } catch {
    return false
  }
}
