/** Files that must survive: the wire key and the last good configuration; and commands that must end. */
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { readConfigFile } from '../../../firmware/host/config/file.ts'
import { loadLastGood, saveLastGood } from '../../../firmware/host/config/last-good.ts'
import { maxConfigBytes } from '../../../firmware/host/config/parse.ts'
import { run } from '../../../firmware/host/net/command.ts'
import { makeFile, replaceFile } from '../../../firmware/host/system/file.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import { readRoleArguments } from '../../../firmware/host/system/role-arguments.ts'
import { openWireKey } from '../../../firmware/host/system/wire-key.ts'
import { decodeWireKey, encodeWireKey } from '../../../firmware/model/wire-key.ts'

const root = await mkdtemp(join(tmpdir(), 'cwgw-'))
after(() => rm(root, { recursive: true }))
const place = (name: string): string => join(root, name, 'file')

test('the wire key is made once, for its owner only, and stays', async () => {
  const path = place('key')
  const keys = await Promise.all([openWireKey(path), openWireKey(path), openWireKey(path)])
  const texts = new Set(keys.map(({ publicKey }) => encodeWireKey(publicKey)))
  assert.equal(texts.size, 1)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.equal((await stat(dirname(path))).mode & 0o777, 0o700)
  assert.deepEqual(await readdir(dirname(path)), ['file'])
  assert.equal(decodeWireKey([...texts][0]!)?.length, 32)
})

test('a wire key that others can read, or that is none, is refused', async () => {
  const path = place('bad-key')
  await openWireKey(path)
  await chmod(path, 0o640)
  await assert.rejects(openWireKey(path), { code: 'STORE_KEY_PERMISSIONS' })
  await replaceFile(path, 'nonsense')
  await assert.rejects(openWireKey(path), { code: 'STORE_KEY_INVALID' })
})

test('the last good configuration comes back as it was, or not at all', async () => {
  const path = place('config')
  assert.equal(await loadLastGood(path), null)
  await saveLastGood(path, 'site: berlin\n# ä\n')
  const { ino } = await stat(path)
  await saveLastGood(path, 'site: berlin\n# ä\n')
  assert.equal((await stat(path)).ino, ino, 'the same text is not written again')
  assert.equal(await loadLastGood(path), 'site: berlin\n# ä\n')
  const content = await readFile(path, 'utf8')
  for (const damaged of [content.replace('berlin', 'lisbon'), content.slice(0, -3), '', 'x']) {
    await writeFile(path, damaged)
    await assert.rejects(loadLastGood(path), { code: 'STORE_CORRUPT' })
  }
})

test('a file that cannot be written leaves the old one and no other', async () => {
  const path = place('full')
  await replaceFile(path, 'old')
  // A folder cannot be replaced by a file.
  await mkdir(join(dirname(path), 'folder'))
  await assert.rejects(replaceFile(join(dirname(path), 'folder'), 'new'), {
    code: 'STORE_WRITE_FAILED',
  })
  assert.deepEqual(await readdir(dirname(path)), ['file', 'folder'])
  assert.equal(await makeFile(path, 'new'), false)
  assert.equal(await readFile(path, 'utf8'), 'old')
})

test('configuration files are read up to their limit, and as UTF-8 only', async () => {
  const path = place('large')
  await replaceFile(path, 'x'.repeat(maxConfigBytes))
  assert.equal((await readConfigFile(path)).length, maxConfigBytes)
  await assert.rejects(readConfigFile('/dev/zero'), { code: 'CONFIG_TOO_LARGE' })
  await assert.rejects(readConfigFile('/nowhere'), { code: 'CONFIG_UNREADABLE' })
  await writeFile(path, Buffer.from([0xff, 0xfe]))
  await assert.rejects(readConfigFile(path), { code: 'CONFIG_UNREADABLE' })
})

test('a command gets its arguments as they are, fails with what it said, and can be given up', async () => {
  assert.equal(await run(['printf', '%s', '$(id) ; x']), '$(id) ; x')
  assert.equal(await run(['cat'], { input: 'abc' }), 'abc')
  await assert.rejects(run(['ip', 'link', 'show', 'cwgw-none']), (error: Error) =>
    /does not exist/.test((error as Error & { detail: string }).detail),
  )
  const abort = new AbortController()
  const long = run(['sleep', '60'], { signal: abort.signal })
  abort.abort()
  await assert.rejects(long, { code: 'HOST_COMMAND_FAILED' })
  await assert.rejects(run(['yes']), { code: 'HOST_COMMAND_FAILED' }, 'output without end')
})

test('places follow the instance and the root; strange names are refused', () => {
  assert.equal(placesOf('main').apiSocket, '/run/causeway/main/api.sock')
  assert.equal(placesOf('b1', '/x').wireKey, '/x/var/lib/causeway/b1/keys/wire.key')
  for (const name of ['..', 'a/b', '', 'A', '-x', 'x'.repeat(33)]) {
    assert.equal(readRoleArguments(['--instance', name]).places, null, name)
  }
  assert.equal(readRoleArguments(['--memory', '9']).places, null)
  assert.equal(readRoleArguments(['--aead', 'rot13']).places, null)
  assert.equal(readRoleArguments(['extra']).places, null)
  assert.equal(readRoleArguments([]).places?.instance, 'main')
})
