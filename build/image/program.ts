/** What of this project lies on a box, below /usr/lib/causeway: firmware, native modules, Node, and licences of what is in them. */
import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { rolldown } from 'rolldown'
import { run, say } from './command.ts'
import { kept } from './kept.ts'
import type { Place } from './place.ts'
import type { Target } from './target.ts'

/** Of packages, what no program reads. */
const leftOut =
  /\.(d\.[cm]?ts|map|md|markdown|flow)$|\/(test|tests|example|examples|benchmark|\.github)$/

/** Has a native part, which is found by where it lies. */
const external = ['classic-level']
const licences = 'LICENCES'

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
  await bundle(place, join(folder, 'firmware'))
  // Is run, by where it lies.
  const script = 'host/service/udhcpc.sh'
  await cp(join(place.source, 'firmware', script), join(folder, 'firmware/udhcpc.sh'))
  await cp(native, join(folder, 'native/out'), { recursive: true })
  for (const file of ['LICENSE', 'README.md', 'package.json']) {
    await cp(join(place.source, file), join(folder, file))
  }
  await cp(await packages(place, target, strip), join(folder, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
  })
}

/**
 * One file for each part that roles load apart, packages and all: a start reads some dozens of files instead of 1,500, and strips no
 * types, which spares half of its time on a small processor. What is read beside them lies as it does in the project.
 */
async function bundle(place: Place, folder: string): Promise<void> {
  const made = await rolldown({
    input: join(place.source, 'firmware/main.ts'),
    platform: 'node',
    external: [...external, /\.node$/],
    logLevel: 'silent',
    plugins: [
      {
        name: 'native modules',
        // From firmware/host/net and the like to firmware itself.
        transform: (code) => code.replaceAll("'../../../native/out/", "'../native/out/"),
      },
    ],
  })
  await made.write({ dir: folder, format: 'esm', hashCharacters: 'hex' })
  await made.close()
}

/** Of the lock, those that run, with Node for the machine: kept until the lock differs. */
async function packages(place: Place, target: Target, strip: Strip): Promise<string> {
  const texts = await Promise.all(
    ['package.json', 'package-lock.json'].map((file) => readFile(join(place.source, file), 'utf8')),
  )
  const recipe = await readFile(import.meta.filename, 'utf8')
  const from = [...texts, recipe]
  return kept(place, { stem: `packages-${target.name}`, from }, async (unfinished) => {
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
    const needed = await neededBy(modules, external)
    for (const name of [...needed, `node-linux-${target.node}`, '.bin']) {
      await cp(join(modules, name), join(unfinished, name), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => !leftOut.test(path.slice(modules.length)),
      })
    }
    await writeFile(join(unfinished, licences), await licencesOf(modules))
    await rm(work, { recursive: true })
  })
}

/** These, and what they depend on. */
async function neededBy(modules: string, names: readonly string[]): Promise<string[]> {
  const needed = new Set<string>()
  const add = async (name: string): Promise<void> => {
    if (needed.has(name)) return
    needed.add(name)
    const text = await readFile(join(modules, name, 'package.json'), 'utf8')
    const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> }
    for (const other of Object.keys(dependencies)) await add(other)
  }
  for (const name of names) await add(name)
  return [...needed]
}

/** Of all packages, whatever of them is in the program: most say that their licence goes where they go. */
async function licencesOf(modules: string): Promise<string> {
  const entries = await readdir(modules, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && /^(licen[cs]e|copying)(\.|$)/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
  const texts = files.map(async (file) => {
    const name = file.slice(modules.length + 1)
    return `${name}\n${'='.repeat(name.length)}\n\n${await readFile(file, 'utf8')}\n`
  })
  return (await Promise.all(texts)).join('\n')
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
