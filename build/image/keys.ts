/**
 * Whose updates a box takes. A folder has `keyring.pem`, the certificates of two authorities, and for whoever signs `release.pem` and
 * `release.key`. The second authority is for the day when the first must go: boxes know it already. Those of a product are made once and
 * kept apart; without a folder a build makes its own, which are good for trying.
 */
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'

/** Nobody's job for long enough that a box in a cupboard still takes an update. */
const authorityDays = 20 * 365
const releaseDays = 5 * 365

export interface Keys {
  readonly keyring: string
  readonly certificate: string
  readonly key: string
}

/** @throws an error that names the file that is missing */
export async function readKeys(folder: string): Promise<Keys> {
  const [certificate, key] = [join(folder, 'release.pem'), join(folder, 'release.key')]
  for (const file of [certificate, key]) {
    if (!(await stat(file).catch(() => null))) throw new Error(`${file} is missing`)
  }
  return { keyring: await readFile(join(folder, 'keyring.pem'), 'utf8'), certificate, key }
}

/** `release` is signed by the first authority, `next` by the second. */
export async function makeKeys(folder: string): Promise<void> {
  if (await stat(folder).catch(() => null)) throw new Error(`${folder} is there already`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const authorities = [
    ['authority', 'release'],
    ['authority-next', 'next'],
  ] as const
  for (const [authority, release] of authorities) {
    await makeAuthority(folder, authority)
    await makeRelease(folder, authority, release)
  }
  const pems = authorities.map(([name]) => readFile(join(folder, `${name}.pem`), 'utf8'))
  await writeFile(join(folder, 'keyring.pem'), (await Promise.all(pems)).join(''))
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']

async function makeAuthority(folder: string, name: string): Promise<void> {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
  await run([
    ...['openssl', 'req', '-x509', ...curve, '-keyout', key, '-out', certificate],
    ...['-days', String(authorityDays), '-subj', `/O=Causeway/CN=updates ${name}`],
    ...['-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  ])
  await chmod(key, 0o600)
}

async function makeRelease(folder: string, authority: string, name: string): Promise<void> {
  const at = (file: string): string => join(folder, file)
  const [key, request] = [at(`${name}.key`), at(`${name}.csr`)]
  await run([
    ...['openssl', 'req', '-new', ...curve, '-keyout', key, '-out', request],
    ...['-subj', `/O=Causeway/CN=${name}`],
  ])
  await chmod(key, 0o600)
  const uses = [
    ...['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'],
    ...['extendedKeyUsage=codeSigning,emailProtection', 'subjectKeyIdentifier=hash'],
  ]
  await writeFile(at('uses'), `${uses.join('\n')}\n`)
  await run([
    ...['openssl', 'x509', '-req', '-in', request, '-CA', at(`${authority}.pem`)],
    ...['-CAkey', at(`${authority}.key`), '-days', String(releaseDays), '-extfile', at('uses')],
    ...['-out', at(`${name}.pem`)],
  ])
}
