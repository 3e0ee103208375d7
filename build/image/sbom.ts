/**
 * What an image is made of, as CycloneDX 1.6 (ECMA-424): Debian's packages, npm's, and what is linked into the native modules. Nothing in
 * it is of the day or by chance, so that two builds have the same.
 */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readInstalled } from './installed.ts'
import type { Lock, LockedPackage } from './package-list.ts'
import type { Place } from './place.ts'
import type { Target } from './target.ts'

interface SbomParts {
  readonly place: Place
  readonly target: Target
  readonly lock: Lock
  readonly version: string
}

interface Component {
  readonly type: 'library' | 'application' | 'operating-system'
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly scope?: 'required'
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[]
}

/** Archives of the place where the native modules are built, that end up in them: see native/meson.build. */
const linked = ['libdpdk-dev', 'libnuma-dev', 'libbsd-dev']

/** @param root the slot's tree @param file to write */
export async function makeSbom(parts: SbomParts, root: string, file: string): Promise<void> {
  const { place, target, lock, version } = parts
  const components = [
    ...(await debianOf(root, lock)),
    ...lock.packages
      .filter(
        ({ purpose, name }) => purpose === 'boot' || (purpose === 'build' && linked.includes(name)),
      )
      .map(debian),
    ...(await npmOf(place, target)),
  ].toSorted((one, other) => (one['bom-ref'] < other['bom-ref'] ? -1 : 1))
  const seed = createHash('sha256').update(JSON.stringify(components)).digest('hex')
  const serial = [
    seed.slice(0, 8),
    seed.slice(8, 12),
    `5${seed.slice(13, 16)}`,
    `8${seed.slice(17, 20)}`,
  ]
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${[...serial, seed.slice(20, 32)].join('-')}`,
    version: 1,
    metadata: {
      timestamp: new Date(lock.epoch * 1000).toISOString(),
      component: {
        type: 'firmware',
        'bom-ref': 'causeway',
        name: `causeway-${target.name}`,
        version,
      },
    },
    components,
    dependencies: [{ ref: 'causeway', dependsOn: components.map((one) => one['bom-ref']) }],
  }
  await writeFile(file, `${JSON.stringify(document, null, 1)}\n`)
}

/** What dpkg says is installed, each with the hash that the lock has. */
async function debianOf(root: string, lock: Lock): Promise<Component[]> {
  const byName = new Map(
    lock.packages
      .filter(({ purpose }) => purpose === 'root')
      .map((one) => [`${one.name} ${one.version}`, one]),
  )
  return (await readInstalled(root)).map(({ name, version }) => {
    const locked = byName.get(`${name} ${version}`)
    if (locked === undefined) throw new Error(`${name} ${version} is installed and not in the lock`)
    return debian(locked)
  })
}

function debian({ name, version, architecture, sha256 }: LockedPackage): Component {
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=trixie`
  return {
    ...{ type: 'library', 'bom-ref': purl, name, version, purl },
    hashes: [{ alg: 'SHA-256', content: sha256 }],
  }
}

interface NpmLock {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version?: string
        readonly dev?: boolean
        readonly cpu?: readonly string[]
        readonly integrity?: string
      }
    >
  >
}

/** Of the lock, those that run: the web UI's packages are in its files. */
async function npmOf(place: Place, target: Target): Promise<Component[]> {
  const text = await readFile(join(place.source, 'package-lock.json'), 'utf8')
  const inPages = new Set(['preact', '@preact/signals', '@preact/signals-core', 'uplot', 'yaml'])
  return Object.entries((JSON.parse(text) as NpmLock).packages).flatMap(([path, found]) => {
    const name = path.replace(/^.*node_modules\//, '')
    const runs = found.dev !== true || inPages.has(name)
    const isHere = found.cpu === undefined || found.cpu.includes(target.node)
    if (path === '' || !runs || !isHere || found.version === undefined) return []
    const { version, integrity } = found
    const purl = `pkg:npm/${encodeURIComponent(name).replace('%2F', '/')}@${version}`
    const digest = /^sha512-(.+)$/.exec(integrity ?? '')?.[1]
    return [
      {
        ...({ type: 'library', 'bom-ref': `${purl}#${path}`, name, version, purl } as const),
        ...(digest === undefined
          ? {}
          : {
              hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }],
            }),
      },
    ]
  })
}
