/** Keys in files and keys of others: what is none of P-256, or no public one, is refused, and no word of it goes out. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  makeKeys,
  openKeys,
  privatePem,
  publicPem,
  readKeys,
  readPublicKey,
} from '../../../../firmware/host/pki/p256.ts'

const folder = mkdtempSync(join(tmpdir(), 'causeway-p256-'))
after(() => rmSync(folder, { recursive: true }))
const other = generateKeyPairSync('ec', { namedCurve: 'P-384' })

test('a key is made once, for its owner alone, and is the same at every start', async () => {
  const path = join(folder, 'made.key')
  await assert.rejects(readKeys(path), { code: 'STORE_KEY_INVALID' })
  const made = await openKeys(path)
  const text = readFileSync(path, 'utf8')
  const again = await openKeys(path)
  assert.equal(readFileSync(path, 'utf8'), text)
  assert.ok(again.publicKey.equals(made.publicKey))
  chmodSync(path, 0o640)
  await assert.rejects(openKeys(path), { code: 'STORE_KEY_PERMISSIONS' })
})

test('a file that holds something else is left as it is, and what it holds is not told', async () => {
  for (const [name, text] of [
    ['words', 'the secret of somebody'],
    ['curve', privatePem(other.privateKey)],
    ['public', publicPem(makeKeys().publicKey)],
  ] as const) {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    await assert.rejects(openKeys(path), (error: Error) => {
      assert.deepEqual(
        [(error as { code?: string }).code, error.message, error.cause],
        ['STORE_KEY_INVALID', `${path} holds no P-256 key`, undefined],
      )
      return true
    })
    assert.equal(readFileSync(path, 'utf8'), text)
  }
})

test('of others public keys of P-256 are read, as PEM and as DER, and nothing else', () => {
  const { privateKey, publicKey } = makeKeys()
  const der = publicKey.export({ type: 'spki', format: 'der' })
  assert.ok(readPublicKey(publicPem(publicKey)).equals(publicKey))
  assert.ok(readPublicKey(der).equals(publicKey))
  assert.throws(() => readPublicKey(privatePem(privateKey)), /a private key/)
  assert.throws(() => readPublicKey(privateKey.export({ type: 'pkcs8', format: 'der' })))
  assert.throws(() => readPublicKey(publicPem(other.publicKey)), /not P-256/)
  assert.throws(() => readPublicKey(''))
})
