/** Every reason for which a packet is dropped has a sentence for people: what drop.h names, model/drop-reason.ts explains. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { dropReasons } from '../../firmware/model/drop-reason.ts'
import { projectRoot } from './source-tree.ts'

const header = readFileSync(join(projectRoot, 'native/dataplane/drop.h'), 'utf8')
const names = [...header.matchAll(/\bX\([A-Z0-9_]+, "([a-z0-9_]+)"\)/g)].map((match) => match[1])

test('each drop of drop.h has its sentence in firmware/model/drop-reason.ts', () => {
  assert.ok(names.length > 30)
  assert.deepEqual(
    names.filter((name) => !Object.hasOwn(dropReasons, name!)),
    [],
  )
})

test('a sentence says something, once', () => {
  const sentences = Object.values(dropReasons)
  for (const sentence of sentences) assert.match(sentence, /^[A-Z].{15,100}\.$/)
  assert.equal(new Set(sentences).size, sentences.length)
})
