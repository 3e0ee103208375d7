/** The real tree keeps the import law, and each of its articles is shown to turn red on a planted tree. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkImports } from './import-law.ts'
import { describe, readSourceTree } from './source-tree.ts'

const problems = (files: Record<string, string>): string =>
  describe(checkImports(new Map(Object.entries(files))))

test('the project keeps the import law', () => {
  const tree = readSourceTree()
  assert.ok(tree.has('firmware/model/errors.ts'), 'the tree was not read')
  assert.equal(describe(checkImports(tree)), '')
})

const model = { 'firmware/model/unit.ts': 'export const unit = 1\n' }
const host = { 'firmware/host/udp/udp.ts': "import { createSocket } from 'node:dgram'\n" }

const planted: readonly [sentence: string, files: Record<string, string>, expected: RegExp][] = [
  [
    'a folder that the table does not allow',
    {
      'firmware/gateway/a.ts': 'export const a = 1\n',
      'firmware/plan/b.ts': "import { a } from '../gateway/a.ts'\n",
    },
    /'plan' may not import 'gateway'/,
  ],
  [
    'gateway and controller knowing each other',
    {
      'firmware/controller/a.ts': 'export const a = 1\n',
      'firmware/gateway/b.ts': "export { a } from '../controller/a.ts'\n",
    },
    /'gateway' may not import 'controller'/,
  ],
  [
    'a type import across the border',
    { ...host, 'firmware/wire/a.ts': "import type { U } from '../host/udp/udp.ts'\n" },
    /'wire' may not import 'host'/,
  ],
  [
    'a dynamic import across the border',
    { ...host, 'firmware/plan/a.ts': "const u = await import('../host/udp/udp.ts')\n" },
    /'plan' may not import 'host'/,
  ],
  [
    'firmware that imports a test',
    { 'test/lab/lab.ts': '', 'firmware/host/a.ts': "import '../../test/lab/lab.ts'\n" },
    /firmware imports firmware only/,
  ],
  [
    'a package outside its home',
    { 'firmware/gateway/a.ts': "import Fastify from 'fastify'\n" },
    /'fastify' outside its home/,
  ],
  [
    'a package without a home',
    { 'firmware/host/a.ts': "import lodash from 'lodash/fp'\n" },
    /'lodash', a package without a home/,
  ],
  [
    'a package in model other than typebox',
    { 'firmware/model/a.ts': "import { parse } from 'yaml'\n" },
    /'yaml' outside its home/,
  ],
  [
    'a built-in in model',
    { 'firmware/model/a.ts': "import assert from 'node:assert'\n" },
    /runs in a browser/,
  ],
  [
    'a socket in the gateway',
    { 'firmware/gateway/a.ts': "import dgram from 'node:dgram'\n" },
    /machine is touched in host/,
  ],
  [
    'a file in a plan',
    { 'firmware/plan/a.ts': "import { readFile } from 'node:fs/promises'\n" },
    /machine is touched in host/,
  ],
  [
    'a clock or timer module in wire',
    { 'firmware/wire/a.ts': "import { setTimeout } from 'node:timers/promises'\n" },
    /machine is touched in host/,
  ],
  [
    'a file opened by the datapath process itself',
    { 'firmware/datapath/a.ts': "import fs from 'node:fs'\n" },
    /machine is touched in host/,
  ],
  [
    'a built-in without its scheme',
    { 'firmware/host/a.ts': "import fs from 'fs'\n" },
    /'fs' without 'node:'/,
  ],
  [
    'a native module loaded elsewhere',
    { 'firmware/host/a.ts': "import { createRequire } from 'node:module'\n" },
    /only firmware\/host\/datapath\/addon\.ts and .* load/,
  ],
  [
    'an import that is not a literal',
    { 'firmware/host/a.ts': "const name = './b.ts'\nawait import(name)\n" },
    /not written as a literal/,
  ],
  [
    'an import of nothing',
    { 'firmware/host/a.ts': "import './gone.ts'\n" },
    /'\.\/gone\.ts', which does not exist/,
  ],
  [
    'an import without its ending',
    { ...model, 'firmware/wire/a.ts': "import { unit } from '../model/unit'\n" },
    /without its ending/,
  ],
  [
    'a circle of three',
    {
      'firmware/wire/a.ts': "import './b.ts'\n",
      'firmware/wire/b.ts': "import './c.ts'\n",
      'firmware/wire/c.ts': "import type { A } from './a.ts'\n",
    },
    /circle: firmware\/wire\/a\.ts → firmware\/wire\/b\.ts → firmware\/wire\/c\.ts → firmware\/wire\/a/,
  ],
  [
    'a child process within reach of the datapath',
    {
      'firmware/datapath/serve.ts': "import { run } from '../host/system/run.ts'\n",
      'firmware/host/system/run.ts': "import { spawn } from 'node:child_process'\n",
    },
    /never spawns/,
  ],
  [
    'a worker thread beside the addon',
    { 'firmware/host/datapath/addon.ts': "import { Worker } from 'node:worker_threads'\n" },
    /never spawns/,
  ],
  [
    'a page that knows what the gateway does',
    {
      'firmware/plan/a.ts': 'export const a = 1\n',
      'webui/page/b.tsx': "import { a } from '../../firmware/plan/a.ts'\nconst b = <b />\n",
    },
    /'webui' may not import 'plan'/,
  ],
  [
    'what a page asks for behind its markup',
    {
      ...host,
      'webui/b.tsx':
        "const b = <p>it's</p>\nconst c = <b {...b} />\nawait import('../firmware/host/udp/udp.ts')\n",
    },
    /'webui' may not import 'host'/,
  ],
  [
    'a file read by a page',
    { 'webui/a.tsx': "import { readFileSync } from 'node:fs'\n" },
    /runs in a browser/,
  ],
  [
    'charts that are drawn outside of the parts',
    { 'webui/page/a.tsx': "import uPlot from 'uplot'\n" },
    /'uplot' outside its home/,
  ],
  [
    'the web UI in the firmware',
    { 'webui/a.ts': '', 'firmware/gateway/a.ts': "import '../../webui/a.ts'\n" },
    /'gateway' may not import 'webui'/,
  ],
  [
    'a folder that nobody planned',
    { 'firmware/misc/a.ts': "import '../misc/b.ts'\n", 'firmware/misc/b.ts': '' },
    /the import law does not know/,
  ],
]

for (const [sentence, files, expected] of planted) {
  test(`the law refuses ${sentence}`, () => assert.match(problems(files), expected))
}

test('what only looks like an import is none', () => {
  const source = [
    '/** import x from "fastify" */',
    "// export * from 'level'",
    `const a = \`import '\${'x'}' from 'stun'\``,
    'const b = /import\\("yaml"\\)/.test(a)',
    'const c = { import: 1 }, d = c.import',
    "export const from = 'level'",
    'export type { Unit } from "../model/unit.ts"',
  ].join('\n')
  assert.equal(problems({ ...model, 'firmware/plan/a.ts': source }), '')
})

test('what the law allows passes', () => {
  const files = {
    ...model,
    ...host,
    'firmware/gateway/api/status.ts': "import Fastify from 'fastify'\nimport 'node:net'\n",
    'firmware/gateway/reconcile.ts': "import { createSocket } from '../host/udp/udp.ts'\n",
    'firmware/datapath/serve.ts': "import { createServer } from 'node:net'\n",
    'firmware/cli/cli.ts': "import '../host/udp/udp.ts'\nimport { parseArgs } from 'node:util'\n",
    'firmware/main.ts': "import './cli/cli.ts'\nimport './gateway/reconcile.ts'\n",
    'firmware/wire/noise.ts': "import { hkdfSync } from 'node:crypto'\n",
    'webui/page/a.tsx':
      "import '../../firmware/model/unit.ts'\nimport { h } from 'preact'\nimport './a.css'\n",
    'webui/vite.config.ts':
      "import { join } from 'node:path'\nimport { defineConfig } from 'vite'\n",
  }
  assert.equal(problems(files), '')
})
