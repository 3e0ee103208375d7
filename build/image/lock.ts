/**
 * Makes a lock: asks apt, in a folder of its own and for the machine's architecture, which packages a list comes to in Debian 13
 * today, and notes version and hash of each. Mirrors are those of this machine, and are written down nowhere.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'
import { type LockedPackage, type Purpose, parseList, purposes } from './package-list.ts'
import type { Target } from './target.ts'

export const suite = 'trixie'
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** What Debian is nothing without (apt-patterns(7)). Where the build is, the other machine has libraries alone. */
const essential = {
  root: '?essential',
  build: '?and(?essential,?not(?architecture(arm64)))',
} as const

/** By the first part of a path in a lock. */
export interface Mirrors {
  readonly debian: string
  readonly 'debian-security': string
}

/** Those that this machine's apt uses, each with a slash at its end. @throws an error when it has none of Debian */
export async function mirrorsHere(): Promise<Mirrors> {
  const form = '$(CREATED_BY) $(ORIGIN) $(REPO_URI) $(CODENAME)'
  const rows = (await run(['apt-get', 'indextargets', '--format', form]))
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([by, origin]) => by === 'Packages' && origin === 'Debian')
  const uriOf = (isSecurity: boolean): string | undefined =>
    rows.find(([, , , codename]) => codename?.endsWith('-security') === isSecurity)?.[2]
  const [debian, security] = [uriOf(false), uriOf(true)]
  if (debian === undefined || security === undefined) {
    throw new Error(
      'apt knows no mirror of Debian and its security archive: see /etc/apt/sources.list.d',
    )
  }
  return { debian, 'debian-security': security }
}

type Found = Omit<LockedPackage, 'purpose'>

/** @param folder for apt's files @param lists the text of each list */
export async function makeLock(
  target: Target,
  lists: Readonly<Record<Purpose, string>>,
  mirrors: Mirrors,
  folder: string,
): Promise<LockedPackage[]> {
  const packages: LockedPackage[] = []
  for (const purpose of purposes) {
    const names = parseList(lists[purpose], target)
    // The build is of this machine, with the other's libraries beside.
    const architectures = purpose === 'build' ? new Set(['amd64', target.debian]) : [target.debian]
    const place = join(folder, `${target.name}-${purpose}`)
    const apt = await openApt(place, [...architectures], mirrors)
    const indices = await readIndices(place, mirrors)
    // Boot files are unpacked, not installed: what they need stays away.
    const paths =
      purpose === 'boot'
        ? await pathsOf(apt, names)
        : await resolved(apt, [essential[purpose], ...names], mirrors)
    for (const path of paths) {
      const found = indices.get(path)
      if (found === undefined) throw new Error(`${path} is in no index`)
      packages.push({ purpose, ...found })
    }
  }
  return packages
}

type Apt = (argv: readonly string[]) => Promise<string>

async function openApt(
  place: string,
  architectures: readonly string[],
  mirrors: Mirrors,
): Promise<Apt> {
  await rm(place, { recursive: true, force: true })
  for (const path of ['etc/apt/apt.conf.d', 'etc/apt/preferences.d', 'etc/apt/sources.list.d']) {
    await mkdir(join(place, path), { recursive: true })
  }
  for (const path of ['lists', 'archives']) {
    await mkdir(join(place, path, 'partial'), { recursive: true })
  }
  await writeFile(join(place, 'status'), '')
  const source = (uri: string, name: string): string =>
    `deb [signed-by=${keyring}] ${uri} ${name} main\n`
  const sources = [
    source(mirrors.debian, suite),
    source(mirrors.debian, `${suite}-updates`),
    source(mirrors['debian-security'], `${suite}-security`),
  ]
  await writeFile(join(place, 'etc/apt/sources.list'), sources.join(''))
  const settings = [
    ...[`Dir=${place}`, `Dir::State::status=${join(place, 'status')}`],
    ...[`Dir::State::lists=${join(place, 'lists')}`, `Dir::Cache=${join(place, 'archives')}`],
    ...['Acquire::Languages=none', 'Acquire::GzipIndexes=false', 'APT::Install-Recommends=false'],
    ...[`APT::Architecture=${architectures[0]}`, 'APT::Architectures='],
    ...architectures.map((name) => `APT::Architectures::=${name}`),
  ].flatMap((setting) => ['-o', setting])
  const apt: Apt = ([verb, ...rest]) => run([verb!, ...settings, ...rest])
  await apt(['apt-get', 'update'])
  return apt
}

async function resolved(apt: Apt, names: readonly string[], mirrors: Mirrors): Promise<string[]> {
  const said = await apt(['apt-get', '--yes', '--print-uris', 'install', ...names])
  return said.split('\n').flatMap((line) => {
    const uri = /^'([^']+)' /.exec(line)?.[1]
    return uri === undefined ? [] : [pathOf(uri, mirrors)]
  })
}

async function pathsOf(apt: Apt, names: readonly string[]): Promise<string[]> {
  const paths: string[] = []
  for (const name of names) {
    const said = await apt(['apt-cache', 'show', '--no-all-versions', name])
    const path = /^Filename: (\S+)$/m.exec(said)?.[1]
    if (path === undefined) throw new Error(`there is no package ${name}`)
    paths.push(`${path.startsWith('pool/updates/') ? 'debian-security' : 'debian'}/${path}`)
  }
  return paths
}

function pathOf(uri: string, mirrors: Mirrors): string {
  for (const [name, base] of Object.entries(mirrors).reverse()) {
    if (uri.startsWith(base)) return `${name}/${decodeURIComponent(uri.slice(base.length))}`
  }
  throw new Error(`a package comes from elsewhere: ${new URL(uri).pathname}`)
}

/** Everything that the indices have, by its path in a lock. */
async function readIndices(place: string, mirrors: Mirrors): Promise<Map<string, Found>> {
  const indices = new Map<string, Found>()
  const security = new URL(mirrors['debian-security']).pathname.split('/').filter(Boolean).join('_')
  for (const file of await readdir(join(place, 'lists'))) {
    if (!file.endsWith('_Packages')) continue
    const archive = file.includes(`_${security}_dists_`) ? 'debian-security' : 'debian'
    for (const stanza of (await readFile(join(place, 'lists', file), 'utf8')).split('\n\n')) {
      const field = (name: string): string =>
        new RegExp(`^${name}: (.+)$`, 'm').exec(stanza)?.[1] ?? ''
      const path = `${archive}/${field('Filename')}`
      if (field('Package') === '') continue
      indices.set(path, {
        ...{ name: field('Package'), version: field('Version'), path },
        ...{ architecture: field('Architecture'), sha256: field('SHA256') },
      })
    }
  }
  return indices
}
