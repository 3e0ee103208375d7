/** Keys of updates: who is signed by whom, renewed and handed on, as openssl judges it. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { run } from '../../../build/image/command.ts'
import { makeKeys, makeSuccessor, readKeys, renewRelease } from '../../../build/image/keys.ts'

async function folderOf(context: TestContext): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'causeway-keys-'))
  context.after(() => rmSync(root, { recursive: true }))
  await makeKeys(join(root, 'old'))
  return root
}

/** By one certificate or a keyring: RAUC asks the same (X.509, purpose `codesign` or `smimesign`). */
function isSigned(by: string, certificate: string): Promise<boolean> {
  const argv = ['openssl', 'verify', '-no-CApath', '-purpose', 'smimesign', '-CAfile', by]
  return run([...argv, certificate]).then(
    () => true,
    () => false,
  )
}

test('each authority signs what is its own, and the keyring has both', async (context) => {
  const old = join(await folderOf(context), 'old')
  const at = (name: string): string => join(old, name)
  assert.ok(await isSigned(at('authority.pem'), at('release.pem')))
  assert.ok(await isSigned(at('authority-next.pem'), at('next.pem')))
  assert.ok(!(await isSigned(at('authority.pem'), at('next.pem'))))
  for (const name of ['release.pem', 'next.pem']) {
    assert.ok(await isSigned(at('keyring.pem'), at(name)), name)
  }
  const secret = readdirSync(old).filter((name) => name.endsWith('.key'))
  assert.equal(secret.length, 4)
  for (const name of secret) assert.equal(statSync(at(name)).mode & 0o777, 0o600, name)
  assert.deepEqual(
    readdirSync(old).filter((name) => !/\.(key|pem)$/.test(name)),
    [],
  )
  await assert.rejects(makeKeys(old), /is there already/)
})

test('a renewed release is another one of the same authority', async (context) => {
  const old = join(await folderOf(context), 'old')
  const release = join(old, 'release.pem')
  const before = readFileSync(release, 'utf8')
  const keyring = readFileSync(join(old, 'keyring.pem'), 'utf8')
  await renewRelease(old)
  assert.notEqual(readFileSync(release, 'utf8'), before)
  assert.ok(await isSigned(join(old, 'authority.pem'), release))
  assert.equal((await readKeys(old)).keyring, keyring)
  // Another authority's key signs nothing for this one, and costs nothing.
  const kept = ['release.key', 'release.pem'].map((name) => readFileSync(join(old, name), 'utf8'))
  copyFileSync(join(old, 'authority-next.key'), join(old, 'authority.key'))
  await assert.rejects(renewRelease(old), /openssl x509/)
  assert.deepEqual(
    ['release.key', 'release.pem'].map((name) => readFileSync(join(old, name), 'utf8')),
    kept,
  )
  rmSync(join(old, 'authority.key'))
  await assert.rejects(renewRelease(old), /authority\.key is missing/)
})

test('what a successor signs is taken by the old keyring, and no longer what the first did', async (context) => {
  const root = await folderOf(context)
  const [old, next] = [join(root, 'old'), join(root, 'new')]
  // The first authority's files are gone, as on the day that it is for; the second's key lies elsewhere.
  for (const name of ['authority.key', 'release.key', 'authority-next.key']) rmSync(join(old, name))
  await makeSuccessor(next, old)
  const release = join(next, 'release.pem')
  assert.ok(await isSigned(join(old, 'keyring.pem'), release))
  assert.ok(await isSigned(join(next, 'keyring.pem'), release))
  assert.ok(await isSigned(join(next, 'keyring.pem'), join(next, 'next.pem')))
  assert.ok(!(await isSigned(join(next, 'keyring.pem'), join(old, 'release.pem'))))
  await readKeys(next)
  rmSync(join(old, 'next.key'))
  await assert.rejects(makeSuccessor(join(root, 'third'), old), /next\.key is missing/)
})
