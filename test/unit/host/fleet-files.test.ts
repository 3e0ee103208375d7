/** Documents of a fleet as files: which are read, in which order, how many, and where in them something stands. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { readFleetFiles } from '../../../firmware/host/config/fleet-files.ts'
import { readYamls } from '../../../firmware/host/config/yaml.ts'

const root = mkdtempSync(join(tmpdir(), 'causeway-files-'))
after(() => rmSync(root, { recursive: true }))

function folder(name: string, files: Readonly<Record<string, string>>): string {
  const own = join(root, name)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(own, path, '..'), { recursive: true })
    writeFileSync(join(own, path), text)
  }
  return own
}

test('folders are read with those in them, by name; what is hidden or no YAML is passed over', async () => {
  const own = folder('order', {
    ...{ 'b.yml': 'n: 3\n', 'a/z.yaml': 'n: 1\n---\nn: 2\n', '.git/c.yaml': 'n: 9\n' },
    ...{ 'notes.txt': 'n: 9\n', 'empty.yaml': '# nothing\n', 'c.yaml': '---\nn: 4\n---\n' },
  })
  const { documents, errors } = await readFleetFiles(own)
  assert.deepEqual(
    documents.map(({ value }) => (value as { n: number }).n),
    [1, 2, 3, 4],
  )
  assert.deepEqual(errors, [])
})

test('a place in the second document is a place in the file', async () => {
  const own = folder('place', { 'a.yaml': 'kind: x\n---\nkind: y\nlist:\n  - { name: z }\n' })
  const { documents } = await readFleetFiles(own)
  assert.deepEqual(documents[1]?.placeOf('/list/0/name', false), { line: 5, column: 13 })
})

test('one slip does not hide those of other files', async () => {
  const own = folder('slips', { 'a.yaml': 'a: [\n', 'b.yaml': 'b: "x\n', 'c.yaml': 'n: 1\n' })
  const { documents, errors } = await readFleetFiles(own)
  assert.equal(documents.length, 1)
  assert.deepEqual(
    errors.map(({ file, error }) => [file.slice(own.length + 1), error.code]),
    [
      ['a.yaml', 'CONFIG_SYNTAX'],
      ['b.yaml', 'CONFIG_SYNTAX'],
    ],
  )
})

test('a link that leads round is not followed without end; one that leads nowhere is refused', async () => {
  const own = folder('round', { 'a/b.yaml': 'n: 1\n' })
  symlinkSync(own, join(own, 'a/up'))
  assert.equal((await readFleetFiles(own)).documents.length, 1)
  symlinkSync(join(root, 'nowhere'), join(own, 'gone.yaml'))
  await assert.rejects(readFleetFiles(own), { code: 'CONFIG_UNREADABLE' })
})

test('files are so many, so large and so deep, and no more', async () => {
  const deep = folder('deep', { [`${'d/'.repeat(17)}a.yaml`]: 'n: 1\n' })
  await assert.rejects(readFleetFiles(deep), { code: 'CONFIG_TOO_LARGE' })
  const many = folder('many', { 'a.yaml': '--- {}\n'.repeat(8_193) })
  await assert.rejects(readFleetFiles(many), { code: 'CONFIG_TOO_LARGE' })
  const large = folder('large', { 'a.yaml': `a: ${'x'.repeat(1024 * 1024)}` })
  await assert.rejects(readFleetFiles(large), { code: 'CONFIG_TOO_LARGE' })
  await assert.rejects(readFleetFiles(join(root, 'nothing')), { code: 'CONFIG_UNREADABLE' })
})

test('whatever stands in a file is read or refused, and never thrown', () => {
  const pieces = fc.constantFrom(
    '---\n',
    '...\n',
    'a: ',
    '- ',
    '[',
    '{',
    '&x ',
    '*x',
    '!!js ',
    '"',
    '\t',
    '\n',
    '%',
  )
  const texts = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.array(pieces).map((some) => some.join('')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      for (const { value, error } of readYamls(text))
        assert.ok(error !== null || value !== undefined)
    }),
    { numRuns: 2_000 },
  )
})
