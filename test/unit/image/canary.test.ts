/** A text is found on a disk in every form that programs write it down in, wherever it lies; and a disk without it has none. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findCanaries, formsOf } from '../../image/canary.ts'

const canary = { what: 'a name', text: 'kanarie-7f3a?>' }
const chunk = 4 * 1024 * 1024

async function foundIn(content: Buffer): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-canary-'))
  try {
    const file = join(folder, 'disk')
    writeFileSync(file, content)
    return (await findCanaries(file, [canary])).map(({ form, offset }) => `${form} @${offset}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('each form is found', async () => {
  for (const { name, bytes } of formsOf(canary.text)) {
    const found = await foundIn(Buffer.concat([Buffer.alloc(777, 1), bytes, Buffer.alloc(9, 2)]))
    assert.ok(found.includes(`${name} @777`), `${name}: ${found}`)
  }
})

test('base64 is found whatever stands around the text', async () => {
  for (const before of ['', 'a', 'ab', 'abc', 'abcd']) {
    for (const after of ['', 'z', 'yz']) {
      const coded = Buffer.from(`${before}${canary.text}${after}`).toString('base64')
      assert.notDeepEqual(await foundIn(Buffer.from(coded)), [], `${before}|${after}`)
    }
  }
})

test('across two reads it is found, once', async () => {
  for (const back of [1, 5, canary.text.length - 1]) {
    const content = Buffer.alloc(chunk + 100)
    content.write(canary.text, chunk - back)
    assert.deepEqual(await foundIn(content), [`as it is @${chunk - back}`])
  }
})

test('where it is not, nothing is found', async () => {
  assert.deepEqual(await foundIn(Buffer.alloc(3 * chunk)), [])
  assert.deepEqual(await foundIn(Buffer.from('kanarie-7f3b?>'.repeat(10))), [])
})
