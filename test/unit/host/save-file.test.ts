/** Files that whoever asked for them alone may read, whatever was there before. */
import assert from 'node:assert/strict'
import { lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { saveFile } from '../../../firmware/host/system/file.ts'
import { rootOf } from '../gateway/temporary.ts'

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

test('a file is for its owner alone, also in the place of one that was not', async (t) => {
  const folder = await rootOf(t)
  const [fresh, open] = [join(folder, 'fresh'), join(folder, 'open')]
  await writeFile(open, 'before', { mode: 0o644 })
  for (const path of [fresh, open]) {
    await saveFile(path, Buffer.from('secret'))
    assert.equal(await readFile(path, 'utf8'), 'secret')
    assert.equal(await modeOf(path), 0o600, path)
  }
  assert.deepEqual(await readdir(folder), ['fresh', 'open'])
})

test('what is no file stays what it is; where nothing can be written nothing is left', async (t) => {
  const folder = await rootOf(t)
  const link = join(folder, 'stdout')
  await symlink('/dev/null', link)
  await saveFile(link, Buffer.from('x'))
  assert.ok((await lstat(link)).isSymbolicLink())
  assert.ok((await stat('/dev/null')).isCharacterDevice())
  const nowhere = saveFile(join(folder, 'none/file'), Buffer.from('x'))
  await assert.rejects(nowhere, { code: 'STORE_WRITE_FAILED' })
  await assert.rejects(saveFile(folder, Buffer.from('x')), { code: 'STORE_WRITE_FAILED' })
  assert.deepEqual(await readdir(folder), ['stdout'])
})
