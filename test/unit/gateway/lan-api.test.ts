/** HTTPS for the LANs: on which addresses, with which certificate, what it answers and how often. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect } from 'node:tls'
import { openGate } from '../../../firmware/gateway/api/gate.ts'
import { LanApi, type LanApiParts } from '../../../firmware/gateway/api/lan-api.ts'
import { ownNames } from '../../../firmware/gateway/api/origin.ts'
import { systemClock } from '../../../firmware/host/clock/system.ts'
import { openCertificate } from '../../../firmware/host/system/certificate.ts'
import { lanApiAddresses } from '../../../firmware/plan/lan-api.ts'
import { openSourceBuckets } from '../../../firmware/plan/rate-limit.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { openAccess } from './sample-access.ts'

const root = await mkdtemp(join(tmpdir(), 'cwgw-'))
after(() => rm(root, { recursive: true }))
const dayMs = 24 * 3600 * 1000
const names = ownNames(['127.0.0.1', '127.0.0.2', '127.0.0.4'], null, null)

/** No pages, no users. */
function without(clock: LanApiParts['clock']) {
  const access = openAccess()
  const gate = openGate({ access, clock, isStatusOpen: () => false })
  return { clock, gate, plainPort: null, pages: async () => [] }
}

test('only LANs of segments with admin, only where it is asked for, never another address', () => {
  const config = sampleConfig()
  config.api = { lan: 'off' }
  for (const segment of config.segments) segment.admin = true
  assert.deepEqual(lanApiAddresses(config), [])
  config.api.lan = 'status'
  const all = lanApiAddresses(config)
  delete config.api
  assert.deepEqual(lanApiAddresses(config), all, 'unless told')
  assert.ok(all.includes('10.1.0.1') && all.length >= 2)
  const others = config.uplinks.flatMap(({ address }: { address: string[] }) => address)
  assert.ok(all.every((address) => !others.some((other: string) => other.startsWith(address))))
  const withoutNic = lanApiAddresses(config, ['enp2s0'])
  assert.ok(!withoutNic.includes('10.1.0.1') && withoutNic.length > 0, 'what is not there')
  config.segments[0].admin = false
  assert.ok(!lanApiAddresses(config).includes('10.1.0.1'))
  assert.deepEqual(lanApiAddresses(null), [])
})

test('it answers what is for LANs and nothing else, counts questions, and lets go of addresses', async () => {
  const port = await freePort()
  const faults: unknown[] = []
  const api = new LanApi({
    ...without(systemClock()),
    port,
    routes: [
      {
        method: 'GET',
        url: '/api/v1/health',
        needs: 'anybody',
        summary: 'For the test.',
        answer: { type: 'object' },
        handle: () => ({ body: { isHealthy: true, problems: [] } }),
      },
    ],
    certificate: (address) => openCertificate(join(root, 'keys/two.pem'), [address], Date.now()),
    onFault: (error) => faults.push(error),
  })
  await api.listen(['127.0.0.1', '127.0.0.2'], names)
  assert.deepEqual(await ask('127.0.0.1', port, '/api/v1/health'), [200, 'isHealthy'])
  assert.deepEqual(await ask('127.0.0.2', port, '/api/v1/health'), [200, 'isHealthy'])
  await assert.rejects(ask('127.0.0.3', port, '/api/v1/health'), { code: 'ECONNREFUSED' })
  assert.deepEqual(await ask('127.0.0.1', port, '/api/v1/config'), [404, 'code'])
  assert.deepEqual(await ask('127.0.0.1', port, '/api/v1/health?all=1'), [400, 'code'])
  await api.listen(['127.0.0.2'], names)
  await assert.rejects(ask('127.0.0.1', port, '/api/v1/health'), { code: 'ECONNREFUSED' })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const many = await Promise.all(
    Array.from({ length: 180 }, () => ask('127.0.0.2', port, '/api/v1/health', agent)),
  )
  agent.destroy()
  assert.ok(many.some(([status]) => status === 429))
  // An address that the box does not have is a fault, and no more: also for those that come after it.
  await api.listen(['127.0.0.2', '203.0.113.77', '127.0.0.4'], names)
  assert.equal(faults.length, 1)
  const other = new Agent({ localAddress: '127.0.0.8' })
  assert.deepEqual(await ask('127.0.0.4', port, '/api/v1/health', other), [200, 'isHealthy'])
  other.destroy()
  await api[Symbol.asyncDispose]()
  await assert.rejects(ask('127.0.0.2', port, '/api/v1/health'), { code: 'ECONNREFUSED' })
})

test('pages that could not be read keep nobody from the API, and are there once they can', async () => {
  const port = await freePort()
  const faults: unknown[] = []
  const identity = Buffer.from('{"isPage":true}')
  const page = { url: '/', type: 'application/json', etag: '"1"', isImmutable: false }
  let looks = 0
  const api = new LanApi({
    ...without(systemClock()),
    pages: async () => {
      looks++
      if (looks <= 2) throw new Error('EMFILE')
      return [{ ...page, bodies: { identity } }]
    },
    ...{ port, routes: [], onFault: (error: unknown) => faults.push(error) },
    certificate: (address) => openCertificate(join(root, 'keys/six.pem'), [address], Date.now()),
  })
  const looked: unknown[] = []
  for (let listens = 0; listens < 4; listens++) {
    await api.listen(['127.0.0.1'], names)
    looked.push((await ask('127.0.0.1', port, '/'))[0])
  }
  assert.deepEqual([looked, looks, faults.length], [[404, 404, 200, 200], 3, 2])
  await api[Symbol.asyncDispose]()
})

test('one source has a share of the connections, and those above its rate wait', async () => {
  const port = await freePort()
  let nowMs = 0
  const api = new LanApi({
    ...without({ ...systemClock(), nowMs: () => nowMs }),
    port,
    routes: [],
    certificate: (address) => openCertificate(join(root, 'keys/four.pem'), [address], Date.now()),
    onFault: () => assert.fail(),
  })
  await api.listen(['127.0.0.1'], names)
  const open = (localAddress: string): Promise<Socket | null> =>
    new Promise((resolve) => {
      const socket = connect({
        socket: connectTcp({ host: '127.0.0.1', port, localAddress }),
        rejectUnauthorized: false,
      })
      socket.on('secureConnect', () => resolve(socket))
      socket.on('error', () => resolve(null))
    })
  const openMany = async (localAddress: string, count: number): Promise<Socket[]> => {
    const sockets: Socket[] = []
    for (let one = 0; one < count; one++) {
      const socket = await open(localAddress)
      if (socket !== null) sockets.push(socket)
    }
    return sockets
  }
  const held = await openMany('127.0.0.1', 36)
  assert.equal(held.length, 32)
  const others = await openMany('127.0.0.9', 2)
  assert.equal(others.length, 2, 'another source has its own')
  const close = async (sockets: readonly Socket[]): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    // The server hears of it a turn later.
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await close(held)
  // 40 at once in all, and then 5 a second: those above wait, as many as may.
  const later: Socket[] = []
  let refused = 0
  const asked = Array.from({ length: 26 }, async () => {
    const socket = await open('127.0.0.1')
    if (socket === null) refused++
    else later.push(socket)
  })
  const reaches = async (count: number): Promise<void> => {
    while (later.length < count) await new Promise((resolve) => setTimeout(resolve, 20))
    // As long as it takes the box to look again, and more.
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.equal(later.length, count)
  }
  await reaches(8)
  assert.equal(refused, 2)
  nowMs = 1_000
  await reaches(13)
  nowMs = 20_000
  await reaches(24)
  await Promise.all(asked)
  await close(later)
  await close(others)
  await api[Symbol.asyncDispose]()
})

test('a certificate that ends soon is replaced while the gateway runs', async () => {
  const port = await freePort()
  let nowMs = 0
  const path = join(root, 'keys/three.pem')
  const api = new LanApi({
    ...without({ ...systemClock(), nowMs: () => nowMs }),
    port,
    routes: [],
    certificate: (address) => openCertificate(path, [address], Date.now() + nowMs),
    onFault: () => assert.fail(),
  })
  const shown = async (): Promise<string> => {
    await api.listen(['127.0.0.1'], names)
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()!.serialNumber)
        socket.destroy()
      })
      socket.on('error', reject)
    })
  }
  const first = await shown()
  nowMs = 10 * dayMs
  assert.equal(await shown(), first)
  nowMs = 370 * dayMs
  assert.notEqual(await shown(), first)
  await api[Symbol.asyncDispose]()
})

test('who is being answered is not cut off, and shown no other certificate, because another LAN comes', async () => {
  const port = await freePort()
  const entered = Promise.withResolvers<void>()
  const leave = Promise.withResolvers<void>()
  const api = new LanApi({
    ...without(systemClock()),
    port,
    routes: [
      {
        ...{ method: 'GET', url: '/api/v1/health', needs: 'anybody', summary: 'Slow.' },
        answer: { type: 'object' },
        handle: async () => {
          entered.resolve()
          await leave.promise
          return { body: { isHealthy: true } }
        },
      },
    ],
    certificate: (address) =>
      openCertificate(join(root, `keys/${address}.pem`), [address], Date.now()),
    onFault: () => assert.fail(),
  })
  const seen = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()!.fingerprint256)
        socket.destroy()
      })
      socket.on('error', reject)
    })
  await api.listen(['127.0.0.1'], names)
  const before = await seen()
  const answer = ask('127.0.0.1', port, '/api/v1/health')
  await entered.promise
  await api.listen(['127.0.0.1', '127.0.0.2'], names)
  leave.resolve()
  assert.deepEqual(await answer, [200, 'isHealthy'])
  assert.equal(await seen(), before)
  await api[Symbol.asyncDispose]()
})

test('a source that asks too often waits; the others do not, and their number is bounded', () => {
  let nowMs = 0
  const buckets = openSourceBuckets({ perSecond: 5, burst: 20 }, 256)
  const isAllowed = (source: string): boolean => buckets.take(source, nowMs)
  const burst = Array.from({ length: 25 }, () => isAllowed('a'))
  assert.equal(burst.filter(Boolean).length, 20)
  assert.ok(isAllowed('b'))
  nowMs = 1_000
  assert.equal(Array.from({ length: 9 }, () => isAllowed('a')).filter(Boolean).length, 5)
  for (let source = 0; source < 300; source++) isAllowed(`s${source}`)
  assert.ok(isAllowed('a'), 'forgotten, and new')
})

/** @returns status and the first field of the answer */
function ask(
  host: string,
  port: number,
  path: string,
  agent: Agent | false = false,
): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const options = { host, port, path, agent, rejectUnauthorized: false }
    const asked = request(options, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () =>
        resolve([response.statusCode ?? 0, Object.keys(JSON.parse(text) as object)[0]!]),
      )
    })
    asked.on('error', reject)
    asked.end()
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
