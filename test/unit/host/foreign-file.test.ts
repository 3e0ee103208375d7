/** Files that somebody else made: what is read of them, and what is none. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { namesIn, openToSend, readForeign } from '../../../firmware/host/system/foreign-file.ts'

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cwforeign-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('a regular file is read, one byte further than it may be long, and sent as long as it was', async (context) => {
  const folder = await folderOf(context)
  const path = join(folder, 'file')
  writeFileSync(path, 'causeway')
  const text = async (most: number) => Buffer.from((await readForeign(path, most)) ?? []).toString()
  assert.deepEqual([await text(8), await text(7), await text(3)], ['causeway', 'causeway', 'caus'])
  await using file = await openToSend(path)
  writeFileSync(path, 'causeway and more')
  const chunks: Buffer[] = []
  for await (const chunk of file!.open()) chunks.push(chunk as Buffer)
  assert.deepEqual([file?.bytes, Buffer.concat(chunks).toString()], [8, 'causeway'])
})

test('links, pipes, folders and devices are none, and nobody waits for them', async (context) => {
  const folder = await folderOf(context)
  const at = (name: string): string => join(folder, name)
  writeFileSync(at('file'), 'secret')
  symlinkSync(at('file'), at('link'))
  linkSync(at('file'), at('other-name'))
  execFileSync('mkfifo', [at('pipe')])
  mkdirSync(at('folder'))
  for (const path of [at('link'), at('pipe'), at('folder'), at('nothing'), '/dev/zero']) {
    assert.equal(await readForeign(path, 10), null, path)
    assert.equal(await openToSend(path), null, path)
  }
  assert.deepEqual((await namesIn(folder)).sort(), ['file', 'other-name'])
  await assert.rejects(namesIn(at('nothing')), { code: 'HOST_SYSTEM' })
})

test('of a folder without end the first names are read', async (context) => {
  const folder = await folderOf(context)
  for (let at = 0; at < 1_100; at++) writeFileSync(join(folder, `${at}`), '')
  assert.equal((await namesIn(folder)).length, 1_024)
})
