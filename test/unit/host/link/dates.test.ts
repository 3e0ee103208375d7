/** A box that knows its owner's authority and not the time: dates keep it from no controller, another authority does. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { openTls } from '../../../../firmware/host/link/client.ts'
import {
  issueCertificate,
  issueServerCertificate,
  makeAuthority,
  makeRequest,
  readRequest,
} from '../../../../firmware/host/pki/certificate.ts'
import { deviceIdOf } from '../../../../firmware/host/pki/device-key.ts'

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const dayMs = 86_400_000
const yearMs = 365 * dayMs
const owner = await makeAuthority(pair(), 'acme', 3_650, Date.now())

async function meet(cert: string, key: ReturnType<typeof pair>['privateKey']): Promise<string> {
  const pem = key.export({ type: 'pkcs8', format: 'pem' })
  const server = createServer({ key: pem, cert, minVersion: 'TLSv1.3' })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const controller = { host: '127.0.0.1', port }
    const options = { controller, own: null, authorities: [owner.certificate] }
    const socket = await openTls(options, AbortSignal.timeout(5_000))
    socket.destroy()
    return 'taken'
  } catch (error) {
    return (error as { readonly code: string }).code
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('a certificate of the owner is taken whatever the clock says of its dates', async () => {
  for (const nowMs of [Date.now() - 3 * yearMs, Date.now(), Date.now() + 3 * yearMs]) {
    const keys = pair()
    const cert = await issueServerCertificate(owner, keys.publicKey, ['x'], 30, nowMs)
    assert.equal(await meet(cert, keys.privateKey), 'taken')
  }
})

test('one of another authority, of a device, and the authority itself are not', async () => {
  const keys = pair()
  const other = await makeAuthority(pair(), 'acme', 3_650, Date.now())
  const foreign = await issueServerCertificate(other, keys.publicKey, ['x'], 30, Date.now())
  assert.equal(await meet(foreign, keys.privateKey), 'LINK_UNTRUSTED')
  const request = await makeRequest(
    { ...keys, deviceId: deviceIdOf(keys.publicKey) } as never,
    Buffer.alloc(32, 7).toString('base64'),
  )
  const device = await issueCertificate(owner, await readRequest(request), 30, Date.now())
  assert.equal(await meet(device, keys.privateKey), 'LINK_UNTRUSTED')
  assert.equal(await meet(owner.certificate, owner.privateKey), 'LINK_UNTRUSTED')
})
