/** Links over real TLS on loopback: who gets one, what crosses it, and what does not. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, connect, createServer as createNetServer } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { openLink } from '../../../../firmware/host/link/client.ts'
import { type Link, type LinkEnd, mostTextBytes } from '../../../../firmware/host/link/link.ts'
import { type LinkServer, serveLinks } from '../../../../firmware/host/link/server.ts'
import {
  type Authority,
  type DeviceIdentity,
  issueCertificate,
  issueServerCertificate,
  makeAuthority,
  makeRequest,
  readCertificate,
  readRequest,
} from '../../../../firmware/host/pki/certificate.ts'
import type { HostPort } from '../../../../firmware/model/host-port.ts'

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pemOf = (key: ReturnType<typeof pair>['privateKey']): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString()
const path = '/link/v1'

interface Controller extends AsyncDisposable {
  readonly authority: Authority
  readonly at: HostPort
  readonly server: LinkServer
  connections(): Promise<number>
  /** The next link that comes. */
  link(): Promise<{ readonly link: Link; readonly identity: DeviceIdentity }>
}

async function startController(mostLinks = 10, authority?: Authority): Promise<Controller> {
  const own = authority ?? (await makeAuthority(pair(), 'acme', 30, Date.now()))
  const keys = pair()
  const cert = await issueServerCertificate(own, keys.publicKey, ['controller'], 30, Date.now())
  const https: Server = createServer({
    key: pemOf(keys.privateKey),
    cert,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  })
  https.listen(0, '127.0.0.1')
  await once(https, 'listening')
  const came: { link: Link; identity: DeviceIdentity }[] = []
  let wake = (): void => {}
  const server = serveLinks({
    server: https,
    path,
    mostLinks,
    identify: async (certificate) =>
      certificate === null ? null : readCertificate(certificate, [own.certificate]),
    onLink: (link, identity) => {
      came.push({ link, identity })
      wake()
    },
  })
  return {
    authority: own,
    at: { host: '127.0.0.1', port: (https.address() as AddressInfo).port },
    server,
    connections: () =>
      new Promise((resolve) => https.getConnections((_error, count) => resolve(count))),
    link: async () => {
      while (came.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return came.shift()!
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      https.close()
      https.closeAllConnections()
    },
  }
}

async function deviceOf({ authority }: Pick<Controller, 'authority'>, days = 30) {
  const keys = pair()
  const request = await readRequest(await makeRequest(keys, randomBytes(32).toString('base64')))
  const certificate = await issueCertificate(authority, request, days, Date.now())
  return { deviceId: request.deviceId, own: { key: pemOf(keys.privateKey), certificate } }
}

const open = (controller: Controller, more: object): Promise<Link> =>
  openLink({
    controller: controller.at,
    path,
    own: null,
    authorities: [controller.authority.certificate],
    timeoutMs: 5_000,
    ...more,
  })

const next = (link: Link): Promise<string> => new Promise((resolve) => link.onMessage(resolve))
const end = (link: Link): Promise<LinkEnd> => new Promise((resolve) => link.onClose(resolve))

test('texts cross both ways, as large as they may be, and the controller knows whose they are', async () => {
  await using controller = await startController()
  const device = await deviceOf(controller)
  const link = await open(controller, device)
  const { link: other, identity } = await controller.link()
  assert.equal(identity.deviceId, device.deviceId)
  const large = randomBytes(mostTextBytes / 2).toString('hex')
  link.send(large)
  assert.equal(await next(other), large)
  other.send('hello')
  assert.equal(await next(link), 'hello')
  const ended = end(other)
  link.close(1_000, 'done')
  assert.deepEqual(await ended, { code: 1_000, reason: 'done' })
})

test('an expired certificate still has a link: whether it only renews is for those who know it', async () => {
  await using controller = await startController()
  const link = await open(controller, await deviceOf(controller, -1))
  const { identity } = await controller.link()
  assert.ok(identity.deviceId)
  link.close(1_000, '')
})

test('a box of another owner, and one without a certificate, gets none', async () => {
  await using controller = await startController()
  const foreign = await deviceOf({
    authority: await makeAuthority(pair(), 'other', 30, Date.now()),
  })
  await assert.rejects(open(controller, foreign), { code: 'LINK_REFUSED' })
  await assert.rejects(open(controller, {}), { code: 'LINK_REFUSED' })
  await assert.rejects(open(controller, { ...(await deviceOf(controller)), path: '/other' }), {
    code: 'LINK_REFUSED',
  })
})

test('who is refused a link is told so and has no connection any more, though its own end stays open', async () => {
  await using controller = await startController()
  for (const [asked, status] of [
    [path, 403],
    ['/other', 404],
  ] as const) {
    const options = { ...controller.at, rejectUnauthorized: false, allowHalfOpen: true }
    const socket = connectTls(options as ConnectionOptions)
    socket.on('error', () => {})
    let answer = ''
    socket.on('data', (data: Buffer) => {
      answer += data
    })
    const ended = once(socket, 'end')
    const key = 'AAAAAAAAAAAAAAAAAAAAAA=='
    const more = `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n`
    const upgrade = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    socket.write(`GET ${asked} HTTP/1.1\r\n${upgrade}${more}\r\n`)
    await ended
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
    const deadlineMs = performance.now() + 2_000
    while ((await controller.connections()) > 0) {
      assert.ok(performance.now() < deadlineMs, 'the controller keeps it')
      await new Promise((passed) => setTimeout(passed, 5))
    }
    socket.destroy()
  }
})

test('who takes no answer has no connection for longer', async () => {
  const https = new EventEmitter() as Server
  const identify = async () => null
  const server = serveLinks({ server: https, path, mostLinks: 1, identify, onLink: () => {} })
  const stuck = new Duplex({ read: () => {}, write: () => {} })
  const closed = once(stuck, 'close')
  https.emit('upgrade', { url: '/other' }, stuck, Buffer.alloc(0))
  await closed
  server.close()
})

test('a box tells nobody anything who is no controller of its owner: a stranger, and a box of its owner', async () => {
  await using controller = await startController()
  await using stranger = await startController()
  const device = await deviceOf(controller)
  await assert.rejects(open(controller, { ...device, controller: stranger.at }), {
    code: 'LINK_UNTRUSTED',
  })
  const https = createServer({
    key: device.own.key,
    cert: device.own.certificate,
    minVersion: 'TLSv1.3',
  })
  https.listen(0, '127.0.0.1')
  await once(https, 'listening')
  const at = { host: '127.0.0.1', port: (https.address() as AddressInfo).port }
  await assert.rejects(open(controller, { ...device, controller: at }), { code: 'LINK_UNTRUSTED' })
  https.close()
})

test('a link goes through an HTTP proxy, and who is there is checked behind it', async () => {
  await using controller = await startController()
  const asked: string[] = []
  const proxy = createHttpServer().on('connect', (request, socket, head) => {
    asked.push(request.url!)
    if (request.url!.endsWith(':1')) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      return
    }
    const { host, port } = controller.at
    const to = connect({ host, port }, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      to.write(head)
      to.pipe(socket).pipe(to)
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const at = { host: '127.0.0.1', port: (proxy.address() as AddressInfo).port }
  const device = await deviceOf(controller)
  const link = await open(controller, { ...device, proxy: at })
  const { link: other } = await controller.link()
  other.send('hello')
  assert.equal(await next(link), 'hello')
  assert.deepEqual(asked, [`127.0.0.1:${controller.at.port}`])
  const refused = open(controller, {
    ...device,
    controller: { host: '127.0.0.1', port: 1 },
    proxy: at,
  })
  await assert.rejects(refused, { code: 'LINK_UNREACHABLE', detail: 'the proxy answers 403' })
  link.close(1_000, '')
  proxy.close()
  proxy.closeAllConnections()
})

test('there are no more links than there may be', async () => {
  await using controller = await startController(1)
  const device = await deviceOf(controller)
  await open(controller, device)
  await assert.rejects(open(controller, device), { code: 'LINK_REFUSED' })
  assert.equal(controller.server.links, 1)
})

test('a text that is too long ends the link, not the process', async () => {
  await using controller = await startController()
  const link = await open(controller, await deviceOf(controller))
  const { link: other } = await controller.link()
  const ended = end(other)
  link.send('x'.repeat(mostTextBytes + 1))
  assert.equal((await ended).code, 1_006)
})

test('who does not answer is given up in time', async () => {
  const silent = createNetServer()
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  await using controller = await startController()
  const at = { host: '127.0.0.1', port: (silent.address() as AddressInfo).port }
  await assert.rejects(open(controller, { controller: at, timeoutMs: 300 }), {
    code: 'LINK_UNREACHABLE',
  })
  await assert.rejects(open(controller, { controller: { host: '127.0.0.1', port: 1 } }), {
    code: 'LINK_UNREACHABLE',
  })
  silent.close()
})
