/** Certificates with which the box shows itself in its LANs: when one stays, when it is made anew, when it goes. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openCertificate } from '../../../firmware/host/system/certificate.ts'

const root = await mkdtemp(join(tmpdir(), 'cwcert-'))
after(() => rm(root, { recursive: true }))
const dayMs = 24 * 3600 * 1000

test('the certificate is for its addresses, stays, and is made anew when it ends, is broken or lacks one', async () => {
  const path = join(root, 'keys/lan.pem')
  const nowMs = Date.now()
  const first = await openCertificate(path, ['10.1.0.1', 'fd00::1'], nowMs)
  const parsed = new X509Certificate(first.certificate)
  assert.ok(parsed.checkIP('10.1.0.1') && parsed.checkIP('fd00::1'))
  assert.equal(parsed.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(await openCertificate(path, ['10.1.0.1'], nowMs), first)
  const later = await openCertificate(path, ['10.1.0.1'], nowMs + 380 * dayMs)
  assert.notEqual(later.certificate, first.certificate)
  const wider = await openCertificate(path, ['10.9.0.1'], nowMs)
  assert.ok(new X509Certificate(wider.certificate).checkIP('10.9.0.1'))
  await writeFile(path, (await readFile(path, 'utf8')).slice(0, 300))
  assert.ok(new X509Certificate((await openCertificate(path, ['10.9.0.1'], nowMs)).certificate))
})

test('keys of addresses that are gone stay until their certificate ends', async () => {
  const pathOf = (address: string): string => join(root, 'lan', `${address}.pem`)
  const nowMs = Date.now()
  await openCertificate(pathOf('10.1.0.1'), ['10.1.0.1'], nowMs)
  await openCertificate(pathOf('10.2.0.1'), ['10.2.0.1'], nowMs + 396 * dayMs)
  assert.equal((await readdir(join(root, 'lan'))).length, 2)
  await openCertificate(pathOf('10.3.0.1'), ['10.3.0.1'], nowMs + 398 * dayMs)
  assert.deepEqual(await readdir(join(root, 'lan')), ['10.3.0.1.pem'])
})
