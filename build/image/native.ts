/** The native modules for a machine, built in Debian 13 against its DPDK: on x86-64 for both, for ARM64 by the cross compiler. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { run, say } from './command.ts'
import { kept } from './kept.ts'
import type { Lock } from './package-list.ts'
import type { Place } from './place.ts'
import { buildRoot } from './root.ts'
import type { Target } from './target.ts'

const compiler = 'aarch64-linux-gnu'
const crossFile = `[binaries]
c = '${compiler}-gcc'
ar = '${compiler}-ar'
strip = '${compiler}-strip'
pkg-config = '${compiler}-pkg-config'
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
`

/** @returns a folder with the modules, kept until a source of theirs or a package differs */
export async function nativeModules(place: Place, target: Target, lock: Lock): Promise<string> {
  const sources = join(place.source, 'native')
  const packages = lock.packages
    .filter(({ purpose }) => purpose === 'build')
    .map(({ sha256 }) => sha256)
  const recipe = await readFile(import.meta.filename, 'utf8')
  const from = [packages.join(), recipe, process.version, ...(await contentsOf(sources))]
  return kept(place, { stem: `native-${target.name}`, from }, (unfinished) =>
    build(place, target, lock, unfinished),
  )
}

async function build(place: Place, target: Target, lock: Lock, unfinished: string): Promise<void> {
  const sources = join(place.source, 'native')
  const root = await buildRoot(place, target, lock)
  const work = join(root, 'build')
  await rm(work, { recursive: true, force: true })
  await mkdir(join(work, 'node_modules'), { recursive: true })
  await cp(sources, join(work, 'native'), {
    recursive: true,
    filter: (path) => !/\/native\/out/.test(path),
  })
  // Headers are the same for all machines; Meson looks for those of the one that it builds for.
  const headers = `node_modules/node-linux-${target.node}/include`
  const here = join(place.source, `node_modules/node-linux-${process.arch}/include`)
  await cp(here, join(work, headers), { recursive: true })
  await writeFile(join(work, 'cross.ini'), crossFile)
  say(`builds the native modules for ${target.name}`)
  const cross = target.debian === 'amd64' ? [] : ['--cross-file', '/build/cross.ini']
  const chroot = inside(root)
  const prefix = '-ffile-prefix-map=/build/=./'
  await run([
    ...[...chroot, 'meson', 'setup', '/build/out', '/build/native', ...cross],
    ...[`-Dc_args=${prefix}`, '-Dc_link_args=-Wl,--build-id=none'],
  ])
  const names = modulesOf(await run([...chroot, 'meson', 'introspect', '--targets', '/build/out']))
  await run([...chroot, 'ninja', '-C', '/build/out', ...names])
  await mkdir(unfinished, { recursive: true })
  for (const name of names) {
    await run([...chroot, stripOf(target), '--strip-unneeded', `/build/out/${name}`])
    await cp(join(work, 'out', name), join(unfinished, name))
  }
  await rm(work, { recursive: true })
}

/** Of what Meson says it can build: what Node loads, not the tests. */
function modulesOf(targets: string): string[] {
  const all = JSON.parse(targets) as { readonly type: string; readonly filename: string[] }[]
  const names = all.flatMap(({ type, filename: [file = ''] }) =>
    type === 'shared module' && file.endsWith('.node') ? [basename(file)] : [],
  )
  if (names.length === 0) throw new Error('native/meson.build has no module for Node')
  return names
}

/** Takes out of a program what debuggers alone read. */
export async function stripProgram(
  place: Place,
  target: Target,
  lock: Lock,
  file: string,
): Promise<void> {
  const root = await buildRoot(place, target, lock)
  const copy = join(root, 'program')
  await cp(file, copy)
  await run([...inside(root), stripOf(target), '--strip-all', '/program'])
  await cp(copy, file)
  await rm(copy)
}

function inside(root: string): string[] {
  return ['chroot', root, '/usr/bin/env', '-i', 'PATH=/usr/sbin:/usr/bin', 'LC_ALL=C.UTF-8']
}

function stripOf({ debian }: Target): string {
  return debian === 'amd64' ? 'strip' : `${compiler}-strip`
}

/** Names and contents of all files below, in order. */
async function contentsOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.slice(folder.length).startsWith('/out'))
    .toSorted()
  const contents = await Promise.all(paths.map((path) => readFile(path, 'latin1')))
  return paths.flatMap((path, index) => [path.slice(folder.length), contents[index]!])
}
