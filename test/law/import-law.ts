/**
 * The import law of ARCHITECTURE.md as a table: which folder may import which, where each package has its
 * home, and where the machine (sockets, files, processes) may be touched.
 */
import { builtinModules } from 'node:module'
import { findCircles, type Import, importGraph, importsOf, isModule, reachable } from './imports.ts'
import { tokenize } from './lexer.ts'
import type { SourceTree, Violation } from './source-tree.ts'

/** Folders below firmware/ (`main` is firmware/main.ts) and webui → what else they may import. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  model: [],
  wire: ['model'],
  plan: ['model'],
  host: ['model', 'wire'],
  datapath: ['model', 'host'],
  prepare: ['model', 'plan', 'host'],
  gateway: ['model', 'wire', 'plan', 'host'],
  controller: ['model', 'wire', 'plan', 'host'],
  cli: ['model', 'plan', 'host'],
  main: ['model', 'wire', 'plan', 'host', 'datapath', 'prepare', 'gateway', 'controller', 'cli'],
  webui: ['model'],
}

/** npm packages that the firmware and the web UI may use, and the only modules that may import them. */
const packageHomes: Readonly<Record<string, RegExp>> = {
  typebox: /^firmware\/model\//,
  level: /^firmware\/(host|controller)\/store\//,
  '@peculiar/x509': /^firmware\/host\/pki\//,
  'reflect-metadata': /^firmware\/host\/pki\//,
  ws: /^firmware\/host\/link\//,
  fastify: /^firmware\/(.+\/)?api\//,
  stun: /^firmware\/wire\/stun\.ts$/,
  yaml: /^(firmware\/host\/config|webui\/.+)\//,
  preact: /^webui\//,
  '@preact/signals': /^webui\//,
  uplot: /^webui\/part\//,
  vite: /^webui\/vite\.config\.ts$/,
  systeminformation: /^firmware\/host\/system\//,
  pino: /^firmware\/(main\.ts$|host\/|datapath\/|gateway\/|controller\/)/,
}

/** Built-in modules that compute and touch nothing. Everything else is the machine. */
const pureBuiltins = new Set(['assert', 'assert/strict', 'buffer', 'events', 'path', 'url', 'util'])
const cryptoHomes = /^firmware\/(wire|host|gateway|controller)\//
const machineHomes = /^firmware\/(host\/|(.+\/)?(api|store)\/)/
/** Part of the build, and no part of what runs in a browser. */
const webuiBuild = 'webui/vite.config.ts'
const nativeHome = 'firmware/host/datapath/addon.ts'
/** Its own for each native module: the datapath, the gateway's twins, its sockets, what a supervisor is told. */
const nativeHomes = [
  nativeHome,
  'firmware/host/net/twin-holder.ts',
  'firmware/host/udp/device.ts',
  'firmware/host/system/supervisor.ts',
]
/** Modules that would hand EAL's memory handles to another process or thread. */
const forbiddenInDatapath = ['child_process', 'worker_threads', 'cluster']

export function checkImports(tree: SourceTree): Violation[] {
  const violations: Violation[] = []
  for (const [path, source] of tree) {
    if (!isModule(path)) continue
    const imports = importsOf(path, source, violations)
    for (const item of imports) violations.push(...checkTarget(tree, path, item))
    const folder = folderOf(path)
    if (folder === null) continue
    for (const item of imports) violations.push(...checkFolder(path, folder, item))
    violations.push(...checkNativeHome(path, source))
  }
  violations.push(...findCircles(importGraph(tree)))
  violations.push(...checkDatapathProcess(tree))
  return violations
}

/** The part of the firmware that a path belongs to; null outside the firmware and web UI. */
function folderOf(path: string): string | null {
  const parts = path.split('/')
  if (parts[0] === 'webui') return 'webui'
  if (parts[0] !== 'firmware') return null
  return parts.length === 2 ? (parts[1] ?? '').replace(/\.ts$/, '') : (parts[1] ?? '')
}

function checkTarget(tree: SourceTree, path: string, { specifier, target }: Import): Violation[] {
  if (target === null || !isModule(target)) {
    const isBare = target !== null && !/\.(json|node|wasm|css)$/.test(target)
    return isBare ? [{ path, problem: `imports '${specifier}' without its ending` }] : []
  }
  return tree.has(target) ? [] : [{ path, problem: `imports '${specifier}', which does not exist` }]
}

function checkFolder(path: string, folder: string, { specifier, target }: Import): Violation[] {
  const refuse = (problem: string): Violation[] => [{ path, problem }]
  const allowed = mayImport[folder]
  if (allowed === undefined)
    return refuse(`lies in '${folder}', which the import law does not know`)
  if (target !== null) {
    const other = folderOf(target)
    if (other === null) return refuse(`imports '${specifier}': the firmware imports firmware only`)
    if (other === folder || allowed.includes(other)) return []
    return refuse(`imports '${specifier}': '${folder}' may not import '${other}'`)
  }
  const name = specifier.replace(/^node:/, '')
  if (specifier.startsWith('node:') || builtinModules.includes(name)) {
    return checkBuiltin(path, folder, specifier, name)
  }
  const packageName = specifier.startsWith('@')
    ? specifier.split('/').slice(0, 2).join('/')
    : specifier.split('/')[0]!
  const home = packageHomes[packageName]
  if (home === undefined) return refuse(`imports '${packageName}', a package without a home`)
  return home.test(path) ? [] : refuse(`imports '${packageName}' outside its home`)
}

function checkBuiltin(path: string, folder: string, specifier: string, name: string): Violation[] {
  if (!specifier.startsWith('node:'))
    return [{ path, problem: `imports '${name}' without 'node:'` }]
  if (path === webuiBuild) return []
  if (folder === 'model' || folder === 'webui') {
    return [{ path, problem: `imports '${specifier}': '${folder}' runs in a browser` }]
  }
  if (pureBuiltins.has(name) || machineHomes.test(path)) return []
  if (name === 'crypto' && cryptoHomes.test(path)) return []
  if (folder === 'datapath' && name === 'net') return []
  // Parsing arguments and reading `process` is what a program's front door is for.
  if ((folder === 'main' || folder === 'cli') && name === 'process') return []
  return [
    { path, problem: `imports '${specifier}': the machine is touched in host, api and store` },
  ]
}

function checkNativeHome(path: string, source: string): Violation[] {
  if (nativeHomes.includes(path)) return []
  const loader = tokenize(source).find(
    (token) => token.kind === 'word' && /^(createRequire|require|dlopen)$/.test(token.text),
  )
  return loader === undefined
    ? []
    : [
        {
          path,
          problem: `uses '${loader.text}': only ${nativeHomes.join(' and ')} load a native module`,
        },
      ]
}

function checkDatapathProcess(tree: SourceTree): Violation[] {
  const graph = importGraph(tree)
  const starts = [...tree.keys()].filter(
    (path) =>
      path === nativeHome || (path.startsWith('firmware/datapath/') && path.endsWith('.ts')),
  )
  const violations: Violation[] = []
  for (const path of reachable(graph, starts)) {
    for (const { specifier } of importsOf(path, tree.get(path) ?? '', [])) {
      if (forbiddenInDatapath.includes(specifier.replace(/^node:/, ''))) {
        const problem = `imports '${specifier}' and is part of the datapath process, which never spawns`
        violations.push({ path, problem })
      }
    }
  }
  return violations
}
