/** The network that README.md shows is one: what stands there can be applied as it stands. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseDeviceConfig } from '../../../firmware/host/config/parse.ts'
import { newWorld, write } from './ctl-world.ts'

const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8')
const section = readme.split('\n## Run a fleet\n')[1]!.split('\n## ')[0]!
const blocks = [...section.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text)

test("README's network is applied, and each of its sites gets a configuration", async () => {
  await using world = await newWorld('readme')
  const setup = await world.setup()
  await setup.ctl('tenant', 'add', 'acme')
  const documents = blocks.filter((text) => text.startsWith('kind: '))
  assert.equal(documents.length, 3)
  const file = write('readme/fleet.yaml', documents.join('---\n'))
  const applied = await setup.ctl('apply', '-f', file, '--yes')
  assert.deepEqual([applied.code, applied.err], [0, ''])
  assert.match(applied.out, /sites that are told something new: 2\n/)
})

test("README's factory configuration is sound", () => {
  const factory = blocks.find((text) => text.startsWith('version: 1'))
  assert.deepEqual(parseDeviceConfig(factory ?? '').errors, [])
})

test('README names no command of ctl that there is not', async () => {
  await using world = await newWorld('readme-names')
  const somebody = world.stranger()
  const { out: usage } = await somebody.ctl('--help')
  const named = [...section.matchAll(/\bctl ((?:tenant|user|token|root) \w+|[a-z]+(?:-[a-z]+)?)/g)]
  assert.ok(named.length > 20)
  for (const [, name = ''] of named) {
    if (name !== 'user' && name !== 'token') assert.match(usage, new RegExp(`^ {2}${name}\\b`, 'm'))
  }
})
