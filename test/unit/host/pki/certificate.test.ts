/** Who gets a certificate, what it says, and that nothing else is taken for one; by Node's own reader and by openssl. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  fingerprintOf,
  issueCertificate,
  issueServerCertificate,
  makeAuthority,
  makeRequest,
  readCertificate,
  readRequest,
} from '../../../../firmware/host/pki/certificate.ts'
import { deviceIdOf, openDeviceKey } from '../../../../firmware/host/pki/device-key.ts'

const root = mkdtempSync(join(tmpdir(), 'causeway-pki-'))
after(() => rmSync(root, { recursive: true }))
const nowMs = Date.UTC(2026, 0, 1)
const dayMs = 86_400_000
const wireKey = randomBytes(32).toString('base64')
const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

test('a device has one key, which only its owner can read, and an id that is its public key', async () => {
  const path = join(root, 'keys/device.key')
  const [one, other] = await Promise.all([openDeviceKey(path), openDeviceKey(path)])
  assert.equal(one.deviceId, other.deviceId)
  assert.equal(one.deviceId, deviceIdOf(createPublicKey(one.privateKey)))
  assert.equal(statSync(path).mode & 0o777, 0o600)
  writeFileSync(path, 'nothing')
  await assert.rejects(openDeviceKey(path), { code: 'STORE_KEY_INVALID' })
})

test('a device gets a certificate for what its request says, good for so many days', async () => {
  const authority = await makeAuthority(pair(), 'acme', 3_650, nowMs)
  const device = pair()
  const request = await readRequest(await makeRequest(device, wireKey))
  assert.equal(request.deviceId, deviceIdOf(device.publicKey))
  assert.equal(request.wireKey, wireKey)
  const pem = await issueCertificate(authority, request, 30, nowMs)
  const certificate = new X509Certificate(pem)
  const read = readCertificate(certificate, [authority.certificate])
  assert.deepEqual(read, { deviceId: request.deviceId, wireKey, expiresMs: nowMs + 30 * dayMs })
  assert.ok(certificate.checkPrivateKey(device.privateKey))
})

test('openssl verifies the chain of a device and of a controller', async () => {
  const authority = await makeAuthority(pair(), 'acme', 3_650, Date.now())
  const device = pair()
  const request = await readRequest(await makeRequest(device, wireKey))
  const server = await issueServerCertificate(
    authority,
    pair().publicKey,
    ['controller.example', '192.0.2.1'],
    30,
    Date.now(),
  )
  const leaf = await issueCertificate(authority, request, 30, Date.now())
  const path = (name: string, text: string): string => {
    writeFileSync(join(root, name), text)
    return join(root, name)
  }
  const ca = path('ca.pem', authority.certificate)
  for (const [name, pem, purpose] of [
    ['device.pem', leaf, 'sslclient'],
    ['server.pem', server, 'sslserver'],
  ] as const) {
    const said = execFileSync('openssl', [
      'verify',
      '-x509_strict',
      '-purpose',
      purpose,
      '-CAfile',
      ca,
      path(name, pem),
    ])
    assert.match(String(said), /OK/)
  }
  assert.ok(new X509Certificate(server).checkIP('192.0.2.1'))
  assert.ok(new X509Certificate(server).checkHost('controller.example'))
})

test('a certificate of another authority, of an authority itself, or of a controller is no device', async () => {
  const authority = await makeAuthority(pair(), 'acme', 3_650, nowMs)
  const foreign = await makeAuthority(pair(), 'acme', 3_650, nowMs)
  const request = await readRequest(await makeRequest(pair(), wireKey))
  const server = await issueServerCertificate(authority, pair().publicKey, ['c'], 30, nowMs)
  for (const pem of [
    await issueCertificate(foreign, request, 30, nowMs),
    authority.certificate,
    server,
  ]) {
    assert.equal(readCertificate(new X509Certificate(pem), [authority.certificate]), null)
  }
  assert.notEqual(fingerprintOf(authority.certificate), fingerprintOf(foreign.certificate))
})

test('a request that is malformed or changed is refused, or says what it said', async () => {
  const device = pair()
  const pem = await makeRequest(device, wireKey)
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const wrap = (bytes: Buffer): string =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
  let refused = 0
  for (let at = 0; at < der.length; at++) {
    const changed = Buffer.from(der)
    changed[at]! ^= 0x01
    const read = await readRequest(wrap(changed)).catch((error) => {
      assert.equal(error.code, 'ZTP_REQUEST_INVALID', `byte ${at}`)
      return null
    })
    // What is outside of the signed bytes and is not the signature may be written in more than one way.
    if (read === null) refused++
    else assert.deepEqual([read.deviceId, read.wireKey], [deviceIdOf(device.publicKey), wireKey])
  }
  assert.ok(refused >= der.length - 4, `${refused} of ${der.length}`)
  await assert.rejects(readRequest(''), { code: 'ZTP_REQUEST_INVALID' })
  await assert.rejects(readRequest('x'.repeat(5_000)), { code: 'ZTP_REQUEST_INVALID' })
})
