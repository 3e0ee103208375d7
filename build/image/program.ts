/**
 * What of this project lies on a box, below /usr/lib/causeway: firmware, web UI, native modules, Node and the packages that run. Types are
 * stripped here, once, not by each box at each start, which would take it as long as all else that it does then.
 */
import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { run, say } from './command.ts'
import { digestOf } from './package-list.ts'
import type { Place } from './place.ts'
import { finished } from './root.ts'
import type { Target } from './target.ts'

/** Of packages, what no program reads. */
const leftOut =
  /\.(d\.[cm]?ts|map|md|markdown|flow)$|\/(test|tests|example|examples|benchmark|\.github)$/

type Strip = (program: string) => Promise<void>

/** @param native folder of the built modules @param folder an empty one, or none */
export async function makeProgram(
  place: Place,
  target: Target,
  native: string,
  strip: Strip,
  folder: string,
): Promise<void> {
  await mkdir(join(folder, 'native'), { recursive: true })
  await stripTypes(join(place.source, 'firmware'), join(folder, 'firmware'))
  await cp(join(place.source, 'webui/out'), join(folder, 'webui/out'), {
    recursive: true,
    filter: (path) => basename(path) !== '.built',
  })
  await cp(native, join(folder, 'native/out'), { recursive: true })
  for (const file of ['LICENSE', 'package.json']) {
    await cp(join(place.source, file), join(folder, file))
  }
  await cp(await packages(place, target, strip), join(folder, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
  })
}

/** Line for line as it was, so that a stack trace tells the same. */
async function stripTypes(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || !path.endsWith('.ts')) continue
    const code = stripTypeScriptTypes(await readFile(path, 'utf8'))
    const output = join(to, relative(from, path)).replace(/\.ts$/, '.js')
    await mkdir(dirname(output), { recursive: true })
    await writeFile(output, code.replace(/(\bfrom |\bimport |import\(\s*)('\.[^'\n]*)\.ts'/g, "$1$2.js'"))
  }
}

/** Of the lock, those that run, with Node for the machine: kept until the lock differs. */
async function packages(place: Place, target: Target, strip: Strip): Promise<string> {
  const texts = await Promise.all(
    ['package.json', 'package-lock.json'].map((file) => readFile(join(place.source, file), 'utf8')),
  )
  const name = `packages-${target.name}-${digestOf(...texts, String(leftOut))}`
  return finished(place, name, async (unfinished) => {
    say(`installs the npm packages that run on ${target.name}`)
    const work = join(place.cache, `new-npm-${target.name}`)
    await rm(work, { recursive: true, force: true })
    await mkdir(work, { recursive: true })
    for (const [index, file] of ['package.json', 'package-lock.json'].entries()) {
      await writeFile(join(work, file), texts[index]!)
    }
    await run(
      [
        ...['npm', 'ci', '--omit=dev', '--include=optional', '--ignore-scripts', '--no-audit'],
        ...['--no-fund', '--loglevel=error', '--os=linux', `--cpu=${target.node}`, '--libc=glibc'],
      ],
      { cwd: work },
    )
    const modules = join(work, 'node_modules')
    await rm(join(modules, '.package-lock.json'), { force: true })
    await rm(join(modules, '.bin'), { recursive: true, force: true })
    await keepOwnNode(modules, target, strip)
    await keepOwnPrebuilds(modules, target)
    await cp(modules, unfinished, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !leftOut.test(path.slice(modules.length)),
    })
    await rm(work, { recursive: true })
  })
}

async function keepOwnNode(modules: string, target: Target, strip: Strip): Promise<void> {
  const node = `node-linux-${target.node}`
  const binary = join(modules, node, 'bin/node')
  if (!(await stat(binary).catch(() => null))) throw new Error(`npm did not bring ${node}`)
  for (const other of await readdir(modules)) {
    const isOther = other.startsWith('node-linux-') && other !== node
    if (isOther) await rm(join(modules, other), { recursive: true })
  }
  for (const part of ['include', 'share', 'lib']) {
    await rm(join(modules, node, part), { recursive: true, force: true })
  }
  // A quarter of it are names for debuggers.
  await strip(binary)
  await mkdir(join(modules, '.bin'))
  await symlink(`../${node}/bin/node`, join(modules, '.bin/node'))
}

/** Packages with native parts bring them for all systems there are. */
async function keepOwnPrebuilds(modules: string, target: Target): Promise<void> {
  for (const entry of await readdir(modules, { recursive: true, withFileTypes: true })) {
    if (!entry.isDirectory() || basename(entry.parentPath) !== 'prebuilds') continue
    if (entry.name !== `linux-${target.node}`) {
      await rm(join(entry.parentPath, entry.name), { recursive: true })
    }
  }
}
