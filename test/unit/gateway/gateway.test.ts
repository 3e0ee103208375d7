/**
 * The whole gateway in one process: the real configuration file, local API on a real unix socket and reconciler,
 * over a machine, a network and a datapath in memory.
 */
import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { askApi } from '../../../firmware/host/system/api-client.ts'
import { makePrivateFolder, replaceFile } from '../../../firmware/host/system/file.ts'
import { isDrops, isStatus } from '../../../firmware/model/local-api.ts'
import { sampleConfig, sampleNics } from '../model/sample-config.ts'
import { openBox, until } from './box.ts'

test('a good configuration comes up, is saved as last good, and is told by the API', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  await box.start()
  assert.deepEqual(await box.line('gateway ready'), { revision: 42 })

  const status: unknown = JSON.parse(await askApi(box.places.apiSocket, '/api/v1/status'))
  assert.ok(isStatus(status))
  assert.equal(status.site, 'berlin')
  assert.equal(status.configSource, 'file')
  assert.deepEqual(
    status.peers.map(({ name, role }) => [name, role]),
    [
      ['hub-1', 'hub'],
      ['lisbon', 'site'],
    ],
  )
  const saved = await readFile(join(box.places.configFolder, '00000001.yaml'), 'utf8')
  assert.match(saved, /^# sha256 [0-9a-f]{64}\n# causeway \{"revision":42.*\}\n\{"version":1/)
  const folder = await stat(box.places.runFolder)
  const socket = await stat(box.places.apiSocket)
  assert.deepEqual([folder.mode & 0o777, socket.mode & 0o777], [0o700, 0o600])
})

test('the API refuses what it does not know, in the one shape of errors', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  await box.start()
  await box.line('gateway ready')
  const ask = (path: string): Promise<string> => askApi(box.places.apiSocket, path)
  await assert.rejects(ask('/api/v1/status?verbose=1'), { code: 'API_INVALID' })
  await assert.rejects(ask('/api/v1/nothing'), { code: 'API_NOT_FOUND' })
  await assert.rejects(ask('/api/v1/%zz'), { code: 'API_INVALID' })
})

test('drops and metrics appear once the datapath answers, and are refused without it', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  const dead = box.datapath
  box.datapath = null
  await box.start()
  await box.line('datapath not reachable')
  const ask = (path: string): Promise<string> => askApi(box.places.apiSocket, path)
  await assert.rejects(ask('/api/v1/drops'), { code: 'API_NOT_READY' })
  await assert.rejects(ask('/api/v1/paths'), { code: 'API_NOT_READY' })
  assert.doesNotMatch(await ask('/metrics'), /causeway_dropped_packets_total/)

  box.datapath = dead
  await box.line('gateway ready')
  const drops = await until(() => ask('/api/v1/drops').catch(() => null))
  assert.ok(isDrops(JSON.parse(drops)))
  const metrics = await ask('/metrics')
  assert.match(metrics, /^causeway_dropped_packets_total\{site="berlin",reason="tag"\} 0$/m)
  assert.match(metrics, /^causeway_config_revision\{site="berlin"\} 42$/m)
})

test('a restarted gateway changes nothing: no step, no load', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  const first = await box.start()
  await box.line('gateway ready')
  // Only the connection ends with the gateway; the datapath lives on.
  const datapath = box.datapath!
  const close = datapath[Symbol.asyncDispose].bind(datapath)
  Object.assign(datapath, { [Symbol.asyncDispose]: async () => {} })
  await first[Symbol.asyncDispose]()
  const steps = box.net.applied.length
  assert.ok(steps > 20)
  assert.equal(box.loads, 1)

  await box.start()
  await box.line('gateway ready')
  assert.equal(box.net.applied.length, steps)
  assert.equal(box.loads, 1)
  Object.assign(datapath, { [Symbol.asyncDispose]: close })
})

test('a datapath that died is found again, and loaded, since it knows nothing any more', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  const gateway = await box.start()
  await box.line('gateway ready')
  const old = box.datapath!
  box.newDatapath()
  old.kill('crashed')
  await box.line('datapath lost')
  await box.line('datapath connected')
  await until(() => (box.loads === 2 ? true : null))
  await until(() => (/peers are not up/.test(gateway.status().health) ? true : null))
})

test('a new revision is applied on reload; a broken one is refused and the old one runs on', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  const gateway = await box.start()
  await box.line('gateway ready')
  const next = { ...sampleConfig(), revision: 43 }
  next.lans[1].address = ['10.1.30.1/24']
  await box.write(next)
  gateway.reload()
  assert.deepEqual(await box.line('configuration applied'), { revision: 43 })
  assert.ok(box.net.applied.some((step) => step.kind === 'remove-address'))
  assert.equal(box.loads, 1, 'the program did not change')

  await box.write({ ...next, revision: 44, overlay: { port: 0 } })
  gateway.reload()
  const refusal = await box.line('configuration refused')
  assert.deepEqual([refusal.code, refusal.path], ['CONFIG_INVALID', '/overlay/port'])
  const status = await until(() => (gateway.status().isHealthy ? null : gateway.status()))
  assert.equal(status.revision, 43)
})

test('a broken device.yaml at boot: the last good one runs, and the status says so', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  const before = await box.start()
  await box.line('gateway ready')
  await before[Symbol.asyncDispose]()
  box.newDatapath()
  await box.write('version: 1\nrevision: [')
  const gateway = await box.start()
  assert.equal((await box.line('configuration refused')).code, 'CONFIG_SYNTAX')
  assert.deepEqual(await box.line('running on the last good configuration'), { revision: 42 })
  await box.line('gateway ready')
  const { configSource, revision, isHealthy } = gateway.status()
  assert.deepEqual(
    { configSource, revision, isHealthy },
    {
      configSource: 'last-good',
      revision: 42,
      isHealthy: false,
    },
  )
})

test('a last good configuration that was tampered with is not run', async (t) => {
  const box = await openBox(t)
  await box.write('[')
  const path = join(box.places.configFolder, '00000001.yaml')
  await replaceFile(path, `# sha256 ${'0'.repeat(64)}\n# causeway {}\n{}`)
  const gateway = await box.start()
  assert.equal((await box.line('saved configuration passed over')).code, 'STORE_CORRUPT')
  assert.equal(gateway.status().revision, null)
})

test('without any usable configuration the gateway lives and says why', async (t) => {
  const box = await openBox(t)
  const gateway = await box.start()
  assert.equal((await box.line('configuration refused')).code, 'CONFIG_UNREADABLE')
  const { health, configSource } = await until(() =>
    gateway.status().health.includes('not been read') ? null : gateway.status(),
  )
  assert.match(health, /^no usable configuration: .*CONFIG_UNREADABLE/)
  assert.equal(configSource, 'none')
  assert.equal(box.net.applied.length, 0)
})

test('a missing NIC leaves the rest working and is taken when it appears', async (t) => {
  const box = await openBox(t, sampleNics.slice(0, 3))
  await box.write(sampleConfig())
  const gateway = await box.start()
  assert.deepEqual(await box.line('NIC missing'), { detail: 'enp3s0' })
  await box.line('gateway ready')
  assert.match(gateway.status().health, /enp3s0/)
  box.net.plug(sampleNics[3]!)
  gateway.reload()
  await until(() => (box.loads === 2 ? true : null))
})

test('what others take from the machine comes back by itself, and the datapath gets a new twin', async (t) => {
  const box = await openBox(t, sampleNics, 100)
  await box.write(sampleConfig())
  await box.start()
  await box.line('gateway ready')
  const count = (kind: string): number =>
    box.net.applied.filter((step) => step.kind === kind).length
  box.net.flushFirewall()
  await until(() => (count('load-firewall') === 2 ? true : null))
  assert.equal(box.loads, 1, 'the program did not change, nor a port below it')
  const twins = count('add-twin')
  box.net.remove('wan0')
  await until(() => (box.loads === 2 ? true : null))
  assert.equal(count('add-twin'), twins + 1)
})

test('a gateway killed between a new twin and the load: the next one loads', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  const first = await box.start()
  await box.line('gateway ready')
  const datapath = box.datapath!
  const close = datapath[Symbol.asyncDispose].bind(datapath)
  Object.assign(datapath, { [Symbol.asyncDispose]: async () => {} })
  box.net.remove('wan0')
  box.refuseLoads(Number.POSITIVE_INFINITY)
  first.reload()
  assert.equal((await box.line('reconcile failed')).code, 'DATAPATH_REFUSED')
  await first[Symbol.asyncDispose]()
  assert.equal(box.loads, 1)

  box.refuseLoads(0)
  await box.start()
  await box.line('gateway ready')
  assert.equal(box.loads, 2)
  Object.assign(datapath, { [Symbol.asyncDispose]: close })
})

test('a gateway whose network namespace another one holds touches nothing until that one is gone', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  const other = await box.net.claim()
  const gateway = await box.start()
  assert.equal((await box.line('reconcile failed')).code, 'HOST_IN_USE')
  await until(() => (/HOST_IN_USE/.test(gateway.status().health) ? true : null))
  assert.equal(box.net.applied.length, 0)
  await other[Symbol.asyncDispose]()
  await box.line('gateway ready')
})

test('a step that fails is tried again', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  box.net.failNext()
  await box.start()
  assert.equal((await box.line('reconcile failed')).code, 'HOST_COMMAND_FAILED')
  await box.line('gateway ready')
})

test('a second gateway of the instance is refused; a dead one leaves no obstacle', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  await makePrivateFolder(box.places.runFolder)
  const corpse = createServer((socket) => socket.destroy()).listen(box.places.apiSocket)
  await new Promise((resolve) => corpse.once('listening', resolve))
  await assert.rejects(box.start(), { code: 'API_IN_USE' })
  await new Promise((resolve) => corpse.close(resolve))
  box.newDatapath()
  // A killed process leaves its socket file behind.
  await writeFile(box.places.apiSocket, '')
  await box.start()
  await box.line('gateway ready')
})

test('closing twice is closing once', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  const gateway = await box.start()
  await Promise.all([gateway[Symbol.asyncDispose](), gateway[Symbol.asyncDispose]()])
  await assert.rejects(askApi(box.places.apiSocket, '/api/v1/status'), { code: 'API_UNREACHABLE' })
})
