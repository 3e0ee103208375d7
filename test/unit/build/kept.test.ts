/** What is made once and kept. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { kept } from '../../../build/image/kept.ts'

test('made once, anew when what it is made from differs, and never half', async (context) => {
  const cache = mkdtempSync(join(tmpdir(), 'causeway-kept-'))
  context.after(() => rmSync(cache, { recursive: true }))
  const place = { source: '', cache }
  const made: string[] = []
  const make = (text: string): Promise<string> =>
    kept(place, { stem: 'root-x', from: [text], ending: '.tar' }, async (path) => {
      assert.match(path, /\.tar$/)
      made.push(text)
      writeFileSync(path, text)
      if (text === 'cut off') throw new Error('no room')
    })
  writeFileSync(join(cache, 'root-xy-0123456789abcdef.tar'), 'of another')
  const first = await make('one')
  assert.equal(await make('one'), first)
  await assert.rejects(make('cut off'), /no room/)
  assert.equal(readFileSync(first, 'utf8'), 'one')
  await assert.rejects(make('cut off'), /no room/)
  const second = await make('two')
  assert.deepEqual(made, ['one', 'cut off', 'cut off', 'two'])
  assert.equal(readFileSync(second, 'utf8'), 'two')
  assert.equal(readdirSync(cache).length, 2, 'the former one is gone, that of another is not')
})
