/**
 * X.509 of an owner's own authority and of devices (RFC 5280), and the requests of devices (PKCS #10, RFC 2986), by
 * `@peculiar/x509`. A device's certificate names its id and its wire key, as URIs. That a request names a wire key is no proof of
 * having it: that each key is one box's is the registry's to see to. ECDSA P-256 with SHA-256 throughout.
 */
// Before x509, which needs it.
import 'reflect-metadata'
import { createHash, type KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { CausewayError } from '../../model/errors.ts'
import { deviceIdOf } from './device-key.ts'
import { type KeyPair, readPublicKey } from './p256.ts'

cryptoProvider.set(webcrypto as unknown as Crypto)

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const signing = { name: 'ECDSA', hash: 'SHA-256' } as const
const dayMs = 86_400_000
/** Clocks differ, and a box without a battery has its image's: a certificate begins so long before it is made. */
const early = 2 * dayMs
const mostRequestBytes = 4_096
const devicePrefix = 'causeway:device:'
const wirePrefix = 'causeway:wire:'
const serverAuth = '1.3.6.1.5.5.7.3.1'
const clientAuth = '1.3.6.1.5.5.7.3.2'

export interface Authority {
  readonly privateKey: KeyObject
  /** PEM. */
  readonly certificate: string
}

/** @param days that it is good for: longer than any device is away */
export async function makeAuthority(
  keys: KeyPair,
  name: string,
  days: number,
  nowMs: number,
): Promise<Authority> {
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: [{ CN: [name] }],
    notBefore: new Date(nowMs - early),
    notAfter: new Date(nowMs + days * dayMs),
    keys: { privateKey: await signer(keys.privateKey), publicKey: await verifier(keys.publicKey) },
    signingAlgorithm: signing,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(await verifier(keys.publicKey)),
    ],
  })
  return { privateKey: keys.privateKey, certificate: certificate.toString('pem') }
}

/** What a voucher pins: SHA-256 of the whole certificate, in hex. */
export function fingerprintOf(certificate: string): string {
  return createHash('sha256').update(new X509Certificate(certificate).raw).digest('hex')
}

/** Who a device is, by its certificate or its request. */
export interface DeviceIdentity {
  readonly deviceId: string
  /** X25519, base64. */
  readonly wireKey: string
}

/** A request of the device for a certificate. PEM. */
export async function makeRequest(keys: KeyPair, wireKey: string): Promise<string> {
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [deviceIdOf(keys.publicKey)] }],
    keys: { privateKey: await signer(keys.privateKey), publicKey: await verifier(keys.publicKey) },
    signingAlgorithm: signing,
    extensions: [namesOf({ deviceId: deviceIdOf(keys.publicKey), wireKey })],
  })
  return request.toString('pem')
}

/** @throws ZTP_REQUEST_INVALID it is malformed, of another kind of key, not signed by its key, or names another device */
export async function readRequest(
  pem: string,
): Promise<DeviceIdentity & { readonly publicKey: KeyObject }> {
  if (pem.length > mostRequestBytes) throw badRequest('too long')
  try {
    const request = new Pkcs10CertificateRequest(pem)
    const publicKey = readPublicKey(Buffer.from(request.publicKey.rawData))
    if (!(await request.verify())) throw new Error('not signed by its key')
    const identity = identityOf(
      request.extensions.find((one) => one instanceof SubjectAlternativeNameExtension),
    )
    if (identity === null) throw new Error('names no device')
    if (identity.deviceId !== deviceIdOf(publicKey)) throw new Error('names another device')
    return { ...identity, publicKey }
  } catch (error) {
    throw badRequest((error as Error).message)
  }
}

/** @param days that it is good for; half of that it is renewed @returns PEM */
export function issueCertificate(
  authority: Authority,
  { deviceId, wireKey, publicKey }: DeviceIdentity & { readonly publicKey: KeyObject },
  days: number,
  nowMs: number,
): Promise<string> {
  const names = namesOf({ deviceId, wireKey })
  return issue(authority, { name: deviceId, publicKey, purpose: clientAuth, names }, days, nowMs)
}

/** For the controller's own listener. @param hosts names and addresses that devices call it by @returns PEM */
export function issueServerCertificate(
  authority: Authority,
  publicKey: KeyObject,
  hosts: readonly string[],
  days: number,
  nowMs: number,
): Promise<string> {
  const names = new SubjectAlternativeNameExtension(
    hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
  )
  const name = 'causeway controller'
  return issue(authority, { name, publicKey, purpose: serverAuth, names }, days, nowMs)
}

/** Who is no authority. */
interface Subject {
  readonly name: string
  readonly publicKey: KeyObject
  /** Of its TLS (RFC 5280 §4.2.1.12). */
  readonly purpose: typeof serverAuth | typeof clientAuth
  readonly names: SubjectAlternativeNameExtension
}

async function issue(
  authority: Authority,
  { name, publicKey, purpose, names }: Subject,
  days: number,
  nowMs: number,
): Promise<string> {
  const issuer = new X509Certificate(authority.certificate)
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: [{ CN: [name] }],
    issuer: issuer.subject,
    notBefore: new Date(nowMs - early),
    notAfter: new Date(nowMs + days * dayMs),
    publicKey: await verifier(publicKey),
    signingKey: await signer(authority.privateKey),
    signingAlgorithm: signing,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([purpose]),
      await AuthorityKeyIdentifierExtension.create(await verifier(issuer.publicKey)),
      await SubjectKeyIdentifierExtension.create(await verifier(publicKey)),
      names,
    ],
  })
  return certificate.toString('pem')
}

/**
 * Who a certificate is, if one of the authorities signed it. Expiry is the caller's: an expired one may still renew.
 * @returns null for any other
 */
export function readCertificate(
  certificate: X509Certificate,
  authorities: readonly (string | X509Certificate)[],
): (DeviceIdentity & { readonly expiresMs: number }) | null {
  const isSigned = authorities
    .map((one) => (typeof one === 'string' ? new X509Certificate(one) : one))
    .some((issuer) => {
      return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
    })
  if (!isSigned || certificate.ca) return null
  const text = certificate.subjectAltName ?? ''
  const uris = text.split(', ').flatMap((name) => (name.startsWith('URI:') ? [name.slice(4)] : []))
  const identity = identityOfUris(uris)
  if (identity?.deviceId !== deviceIdOf(certificate.publicKey)) return null
  return { ...identity, expiresMs: certificate.validToDate.getTime() }
}

/** Whether it is one for servers (RFC 5280 §4.2.1.12) that an authority signed; whatever its name, and whatever its dates. */
export function isServerOf(certificate: X509Certificate, authorities: readonly string[]): boolean {
  if (certificate.ca || !(certificate.keyUsage ?? []).includes(serverAuth)) return false
  return authorities
    .map((pem) => new X509Certificate(pem))
    .some((issuer) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))
}

/** @param host a name, or an address: it is one that this certificate is for */
export function isNamed(certificate: X509Certificate, host: string): boolean {
  // Each throws for what is the other.
  const check = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)
  return check !== undefined
}

function namesOf({ deviceId, wireKey }: DeviceIdentity): SubjectAlternativeNameExtension {
  const wire = Buffer.from(wireKey, 'base64').toString('base64url')
  return new SubjectAlternativeNameExtension([
    { type: 'url', value: devicePrefix + deviceId },
    { type: 'url', value: wirePrefix + wire },
  ])
}

function identityOf(extension: SubjectAlternativeNameExtension | undefined): DeviceIdentity | null {
  const uris = extension?.names.items.flatMap(({ type, value }) => (type === 'url' ? [value] : []))
  return uris === undefined ? null : identityOfUris(uris)
}

function identityOfUris(uris: readonly string[]): DeviceIdentity | null {
  const find = (prefix: string): string | undefined =>
    uris.find((uri) => uri.startsWith(prefix))?.slice(prefix.length)
  const deviceId = find(devicePrefix)
  const wire = Buffer.from(find(wirePrefix) ?? '', 'base64url')
  if (uris.length !== 2 || deviceId === undefined || !/^[0-9a-f]{64}$/.test(deviceId)) return null
  return wire.length === 32 ? { deviceId, wireKey: wire.toString('base64') } : null
}

/** RFC 5280 §4.1.2.2: positive, at most 20 bytes. */
function randomSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes.toString('hex')
}

function signer(key: KeyObject): Promise<CryptoKey> {
  const bytes = key.export({ type: 'pkcs8', format: 'der' })
  return webcrypto.subtle.importKey('pkcs8', bytes, algorithm, false, [
    'sign',
  ]) as Promise<CryptoKey>
}

function verifier(key: KeyObject): Promise<CryptoKey> {
  const bytes = key.export({ type: 'spki', format: 'der' })
  return webcrypto.subtle.importKey('spki', bytes, algorithm, true, [
    'verify',
  ]) as Promise<CryptoKey>
}

function badRequest(detail: string): CausewayError {
  return new CausewayError('ZTP_REQUEST_INVALID', 'this is no request of a device', { detail })
}
