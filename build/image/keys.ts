/**
 * Whose updates a box takes. A folder has `keyring.pem`, the certificates of two authorities, and for whoever signs `release.pem` and
 * `release.key`. The second authority is for the day when the first must go: boxes know it already. Those of a product are made once and
 * kept apart; without a folder a build makes its own, which are good for trying.
 */
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
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
  await needs(folder, ['keyring.pem', 'release.pem', 'release.key'])
  const [certificate, key] = [join(folder, 'release.pem'), join(folder, 'release.key')]
  return { keyring: await readFile(join(folder, 'keyring.pem'), 'utf8'), certificate, key }
}

/** `release` is signed by the first authority, `next` by the second. */
export async function makeKeys(folder: string): Promise<void> {
  await makeFolder(folder)
  await makePair(folder, 'authority', 'release')
  await makePair(folder, 'authority-next', 'next')
  await makeKeyring(folder)
}

/** Another `release`, by the same authority, before the old one's time is up. @throws an error of what is missing */
export async function renewRelease(folder: string): Promise<void> {
  await needs(folder, ['authority.pem', 'authority.key'])
  await makeRelease(folder, 'authority', 'release')
}

/**
 * For the day when the first authority must go: the second of `old` is the first here, and a new one the second. What is signed by these
 * keys is taken by boxes that have the old keyring, and brings them the new one.
 * @throws an error of what is missing
 */
export async function makeSuccessor(folder: string, old: string): Promise<void> {
  await needs(old, ['authority-next.pem', 'next.pem', 'next.key'])
  await makeFolder(folder)
  const heirs = [
    ['next.pem', 'release.pem'],
    ['next.key', 'release.key'],
    ['authority-next.pem', 'authority.pem'],
    // It lies elsewhere, as it should.
    ['authority-next.key', 'authority.key'],
  ] as const
  for (const [from, to] of heirs) {
    if (await isThere(join(old, from))) await copyFile(join(old, from), join(folder, to))
  }
  await makePair(folder, 'authority-next', 'next')
  await makeKeyring(folder)
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function needs(folder: string, names: readonly string[]): Promise<void> {
  for (const path of names.map((name) => join(folder, name))) {
    if (!(await isThere(path))) throw new Error(`${path} is missing`)
  }
}

async function makeFolder(folder: string): Promise<void> {
  if (await isThere(folder)) throw new Error(`${folder} is there already`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

async function makePair(folder: string, authority: string, release: string): Promise<void> {
  await makeAuthority(folder, authority)
  await makeRelease(folder, authority, release)
}

/** The first stands first. */
async function makeKeyring(folder: string): Promise<void> {
  const files = ['authority.pem', 'authority-next.pem'].map((name) => join(folder, name))
  const pems = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  await writeFile(join(folder, 'keyring.pem'), pems.join(''))
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

/** What was there stays until the new one is whole. */
async function makeRelease(folder: string, authority: string, name: string): Promise<void> {
  const at = (file: string): string => join(folder, file)
  const [key, certificate] = [at(`${name}.key.new`), at(`${name}.pem.new`)]
  const [request, extensions] = [at(`${name}.csr`), at(`${name}.ext`)]
  await run([
    ...['openssl', 'req', '-new', ...curve, '-keyout', key, '-out', request],
    ...['-subj', `/O=Causeway/CN=${name}`],
  ])
  await chmod(key, 0o600)
  const uses = [
    ...['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'],
    ...['extendedKeyUsage=codeSigning,emailProtection', 'subjectKeyIdentifier=hash'],
  ]
  await writeFile(extensions, `${uses.join('\n')}\n`)
  await run([
    ...['openssl', 'x509', '-req', '-in', request, '-CA', at(`${authority}.pem`)],
    ...['-CAkey', at(`${authority}.key`), '-days', String(releaseDays), '-extfile', extensions],
    ...['-out', certificate],
  ])
  for (const file of [request, extensions]) await rm(file)
  await rename(key, at(`${name}.key`))
  await rename(certificate, at(`${name}.pem`))
}
