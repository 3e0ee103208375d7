/** Files that must survive: the wire key and configurations; and commands that must end. */
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { readConfigFile } from '../../../firmware/host/config/file.ts'
import {
  type History,
  keptRevisions,
  type NewEntry,
  openHistory,
} from '../../../firmware/host/config/history.ts'
import { maxConfigBytes } from '../../../firmware/host/config/parse.ts'
import { redact } from '../../../firmware/host/config/redact.ts'
import { run } from '../../../firmware/host/system/command.ts'
import { makeFile, replaceFile } from '../../../firmware/host/system/file.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import { readRoleArguments } from '../../../firmware/host/system/role-arguments.ts'
import { openWireKey } from '../../../firmware/host/system/wire-key.ts'
import type { CausewayError } from '../../../firmware/model/errors.ts'
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

const entry = (revision: number, text = `revision: ${revision}\n# ä\n`): NewEntry => ({
  revision,
  origin: 'apply',
  savedAt: '2026-01-02T03:04:05.678Z',
  text,
})

async function history(folder: string): Promise<{ opened: History; broken: string[] }> {
  const broken: string[] = []
  const onBroken = (error: unknown): void => void broken.push((error as CausewayError).code)
  return { opened: await openHistory({ folder, onBroken }), broken }
}

test('the last twenty configurations come back as they were, newest first', async () => {
  const folder = dirname(place('history'))
  const { opened } = await history(folder)
  assert.deepEqual(opened.entries, [])
  for (let revision = 1; revision <= 23; revision++) await opened.add(entry(revision))
  const { opened: again, broken } = await history(folder)
  assert.deepEqual(broken, [])
  assert.deepEqual(again.entries, opened.entries)
  assert.deepEqual(
    again.entries.map(({ number, revision }) => [number, revision]),
    Array.from({ length: keptRevisions }, (_, index) => [23 - index, 23 - index]),
  )
  assert.deepEqual(again.entries[0], { ...entry(23), number: 23 })
  assert.equal((await readdir(folder)).length, keptRevisions)
})

test('a broken entry is passed over and told; its number is not used again', async () => {
  const folder = dirname(place('broken'))
  const { opened } = await history(folder)
  for (let revision = 1; revision <= 6; revision++) await opened.add(entry(revision))
  const path = (number: number): string => join(folder, `0000000${number}.yaml`)
  const content = await readFile(path(6), 'utf8')
  const damages = [content.replace('ä', 'ö'), content.slice(0, -3), '', 'x']
  for (const [index, damaged] of damages.entries()) await writeFile(path(6 - index), damaged)
  await writeFile(`${path(9)}.0123456789ab.tmp`, 'half')
  await writeFile(join(folder, 'notes.txt'), 'not ours')
  const { opened: again, broken } = await history(folder)
  assert.deepEqual(broken, Array(4).fill('STORE_CORRUPT'))
  assert.deepEqual(
    again.entries.map(({ number }) => number),
    [2, 1],
  )
  assert.equal((await again.add(entry(7))).number, 7)
  assert.deepEqual(
    (await readdir(folder)).filter((name) => !/^\d{8}\.yaml$/.test(name)),
    ['notes.txt'],
  )
})

test('a candidate stays until it is dropped', async () => {
  const folder = dirname(place('candidate'))
  await (await history(folder)).opened.propose(entry(9))
  const { opened } = await history(folder)
  assert.deepEqual(opened.candidate, { ...entry(9), number: 0 })
  assert.deepEqual(opened.entries, [])
  await opened.begin()
  assert.deepEqual((await history(folder)).opened.candidate, { ...entry(9), number: 1 })
  await opened.add(entry(9))
  await opened.takeBack()
  await opened.begin()
  await opened.add(entry(9))
  const { opened: again } = await history(folder)
  assert.deepEqual([again.candidate], again.entries)
  await opened.dropCandidate()
  assert.equal((await history(folder)).opened.candidate, null)
})

test('what is secret is not shown, and the rest as it was written', () => {
  const plain = '# by hand\npeers:\n  - { name: a, wireKey: k= }\n'
  assert.equal(redact(plain), plain)
  const hiding = redact('# by hand\npeers:\n  - name: a # first\n    psk: [hunter2, old]\n')
  assert.match(hiding, /# by hand\npeers:\n {2}- name: a # first\n {4}psk: <hidden>\n/)
  assert.equal(redact('a: [psk: hunter2'), '')
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
  assert.equal(readRoleArguments(['--flows', '15']).places, null)
  assert.equal(readRoleArguments(['--flows', '4194305']).places, null)
  assert.equal(readRoleArguments(['--aead', 'rot13']).places, null)
  assert.equal(readRoleArguments(['extra']).places, null)
  assert.equal(readRoleArguments([]).places?.instance, 'main')
})
