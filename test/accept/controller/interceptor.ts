/** Somebody between a device and its controller, with a TLS server of their own: each request goes on over another connection. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { openZtp } from '../../../firmware/host/link/ztp.ts'
import { issueServerCertificate, makeAuthority } from '../../../firmware/host/pki/certificate.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { HostPort } from '../../../firmware/model/host-port.ts'
import { askMs } from './target.ts'

export interface Interceptor extends AsyncDisposable {
  readonly at: HostPort
}

export async function openInterceptor(controller: HostPort): Promise<Interceptor> {
  const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const authority = await makeAuthority(pair(), 'somebody', 10, Date.now())
  const key = pair().privateKey
  const names = ['127.0.0.1']
  const publicKey = createPublicKey(key)
  const cert = await issueServerCertificate(authority, publicKey, names, 10, Date.now())
  const pem = key.export({ type: 'pkcs8', format: 'pem' })
  const server = createServer({ key: pem, cert, minVersion: 'TLSv1.3' }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const connection = await openZtp({ controller, authorities: null, timeoutMs: askMs })
      try {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as object
        response.end(JSON.stringify(await connection.post(request.url ?? '', body)))
      } catch (error) {
        response.statusCode = 403
        response.end(JSON.stringify(error instanceof CausewayError ? error.toJSON() : {}))
      } finally {
        connection.close()
      }
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    at: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
