/**
 * A change of configuration from the API to the disk: tried, confirmed, taken back; and what a gateway that starts
 * again makes of what it finds.
 */
import assert from 'node:assert/strict'
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { askApi } from '../../../firmware/host/system/api-client.ts'
import type {
  ChangeAnswer,
  ConfigAnswer,
  HistoryAnswer,
} from '../../../firmware/model/local-api-config.ts'
import { sampleConfig, sampleNics } from '../model/sample-config.ts'
import { type Box, openBox, until } from './box.ts'

const textOf = (revision: number, lan = '10.1.0.1/24'): string => {
  const config = { ...sampleConfig(), revision }
  config.lans[0].address = [lan]
  return JSON.stringify(config)
}

async function running(t: TestContext): Promise<Box> {
  const box = await openBox(t)
  await box.write(textOf(42))
  await box.start()
  await box.line('gateway ready')
  return box
}

const apply = (box: Box, text: string, confirmSeconds = 60): Promise<ChangeAnswer> =>
  askApi(box.places.apiSocket, '/api/v1/config/apply', { post: { text, confirmSeconds } }).then(
    (body) => JSON.parse(body) as ChangeAnswer,
  )
const ask = async <Value>(box: Box, path: string): Promise<Value> =>
  JSON.parse(await askApi(box.places.apiSocket, `/api/v1/${path}`)) as Value
const post = (box: Box, path: string): Promise<string> =>
  askApi(box.places.apiSocket, `/api/v1/config/${path}`, { post: {} })
const hasAddress = (box: Box, address: string): boolean =>
  box.net.applied.some((step) => JSON.stringify(step).includes(address))

test('a change runs, waits, and once confirmed is device.yaml and an entry of the history', async (t) => {
  const box = await running(t)
  const next = textOf(43, '10.1.9.1/24')
  const { revision, pendingChange } = await apply(box, next)
  assert.equal(revision, 43)
  assert.equal(pendingChange?.phase, 'waiting')
  assert.ok(hasAddress(box, '10.1.9.1/24'), 'it is in place before the answer')
  assert.equal(await readFile(box.places.config, 'utf8'), textOf(42), 'and not permanent yet')
  const shown = await ask<ConfigAnswer>(box, 'config')
  assert.deepEqual([shown.source, shown.text], ['candidate', next])

  await post(box, 'confirm')
  assert.equal(await readFile(box.places.config, 'utf8'), next)
  const { entries } = await ask<HistoryAnswer>(box, 'config/history')
  assert.deepEqual(
    entries.map(({ number, revision, origin, isRunning }) => [number, revision, origin, isRunning]),
    [
      [2, 43, 'apply', true],
      [1, 42, 'edit', false],
    ],
  )
  const after = await ask<ConfigAnswer>(box, 'config')
  assert.deepEqual([after.source, after.pendingChange], ['file', null])
  assert.deepEqual(after.lastChange, { revision: 43, result: 'confirmed' })
  assert.equal((await ask<{ text: string }>(box, 'config/history/1')).text, textOf(42))
  await assert.rejects(ask(box, 'config/history/9'), { code: 'API_NOT_FOUND' })
  await assert.rejects(post(box, 'confirm'), { code: 'CONFIG_NOT_PENDING' })
})

test('of two entries with one text the newer one runs', async (t) => {
  const box = await openBox(t)
  await box.write(textOf(42))
  const gateway = await box.start()
  await box.line('gateway ready')
  await apply(box, textOf(43), 0)
  await box.write(textOf(42))
  gateway.reload()
  const entries = await until(async () => {
    const answer = await ask<HistoryAnswer>(box, 'config/history')
    return answer.entries.length === 3 ? answer.entries : null
  })
  assert.deepEqual(
    entries.map(({ number, revision, isRunning }) => [number, revision, isRunning]),
    [
      [3, 42, true],
      [2, 43, false],
      [1, 42, false],
    ],
  )
})

test('without a confirm in time it is taken back, on the machine as well', async (t) => {
  const box = await running(t)
  await apply(box, textOf(43, '10.1.9.1/24'), 3)
  assert.equal((await box.line('change taken back')).code, 'CONFIG_UNCONFIRMED')
  await until(() =>
    box.net.applied.some(
      (step) => step.kind === 'remove-address' && JSON.stringify(step).includes('10.1.9.1'),
    )
      ? true
      : null,
  )
  const { revision, lastChange } = await ask<ConfigAnswer>(box, 'config')
  assert.equal(revision, 42)
  assert.equal(lastChange?.reason?.code, 'CONFIG_UNCONFIRMED')
  assert.equal(await readFile(box.places.config, 'utf8'), textOf(42))
  // The number is free again: no two confirmed configurations bear it.
  await apply(box, textOf(43))
})

test('one at a time; what is refused touches nothing', async (t) => {
  const box = await running(t)
  await apply(box, textOf(43))
  await assert.rejects(apply(box, textOf(44)), { code: 'CONFIG_PENDING' })
  await post(box, 'rollback')
  await assert.rejects(post(box, 'rollback'), { code: 'CONFIG_NOT_PENDING' })
  const steps = box.net.applied.length
  await assert.rejects(apply(box, textOf(42)), { code: 'CONFIG_REVISION_OLD', path: '/revision' })
  await assert.rejects(apply(box, '['), { code: 'CONFIG_SYNTAX' })
  const bad = JSON.stringify({ ...sampleConfig(), revision: 50, site: '', overlay: { port: 1 } })
  await assert.rejects(
    apply(box, bad),
    (error: { errors?: unknown[] }) => error.errors?.length === 2,
  )
  await assert.rejects(apply(box, textOf(50), 121), {
    code: 'API_INVALID',
    path: '/confirmSeconds',
  })
  await until(() =>
    box.lines.some(({ message }) => message === 'configuration applied') ? true : null,
  )
  assert.ok(box.net.applied.length >= steps)
})

test('one that fails to apply is taken back and says why; 0 seconds need no confirm', async (t) => {
  const box = await running(t)
  box.net.failNext()
  await assert.rejects(
    apply(box, textOf(43, '10.1.9.1/24')),
    (error: { code: string; detail: string }) =>
      error.code === 'CONFIG_NOT_APPLIED' && error.detail.includes('HOST_COMMAND_FAILED'),
  )
  assert.equal((await ask<ConfigAnswer>(box, 'config')).revision, 42)
  const { pendingChange } = await apply(box, textOf(43), 0)
  assert.equal(pendingChange, null)
  assert.equal(await readFile(box.places.config, 'utf8'), textOf(43))
})

test('one that names a NIC that is not there is taken back, unless what runs lacks it too', async (t) => {
  const box = await openBox(t, sampleNics.slice(1))
  await box.write(textOf(42))
  await box.start()
  await box.line('gateway ready')
  const mistyped = JSON.parse(textOf(43)) as ReturnType<typeof sampleConfig>
  mistyped.lans[0].nic = 'netdev:enp2s9'
  const { loads } = box
  const touched = box.net.applied.length
  for (const confirmSeconds of [0, 60]) {
    await assert.rejects(
      apply(box, JSON.stringify(mistyped), confirmSeconds),
      (error: { code: string; detail: string }) =>
        error.code === 'CONFIG_NOT_APPLIED' && /no NIC enp2s9$/.test(error.detail),
    )
    assert.equal(await readFile(box.places.config, 'utf8'), textOf(42))
  }
  assert.equal((await ask<ConfigAnswer>(box, 'config')).revision, 42)
  // Nothing that works was taken down for it.
  assert.deepEqual([box.loads, box.net.applied.length], [loads, touched])
  await apply(box, textOf(43), 0)
  assert.equal(await readFile(box.places.config, 'utf8'), textOf(43))
})

test('a gateway that was stopped before the confirm starts with what was confirmed last', async (t) => {
  const box = await openBox(t)
  await box.write(textOf(42))
  const gateway = await box.start()
  await box.line('gateway ready')
  await apply(box, textOf(43))
  await gateway[Symbol.asyncDispose]()
  box.newDatapath()
  const again = await box.start()
  assert.equal((await box.line('change taken back')).code, 'CONFIG_UNCONFIRMED')
  await box.line('gateway ready')
  assert.equal(again.status().revision, 42)
  assert.equal(again.status().pendingChange, null)
})

test('an edit of device.yaml is never lost under a change', async (t) => {
  const box = await running(t)
  await box.write(textOf(50))
  const conflict = (remedy: string) => ({
    code: 'CONFIG_CONFLICT',
    message: `${box.places.config} was changed since it was read: ${remedy}`,
  })
  await assert.rejects(apply(box, textOf(60)), conflict('reload it, or put it back'))
  await box.write(textOf(42))
  await apply(box, textOf(60))
  await box.write(textOf(51))
  const remedy = 'put it back, or `config rollback`, then reload it and apply anew'
  await assert.rejects(post(box, 'confirm'), conflict(remedy))
  assert.equal((await ask<ConfigAnswer>(box, 'config')).pendingChange?.phase, 'waiting')
  await post(box, 'rollback')
  assert.equal((await ask<ConfigAnswer>(box, 'config')).revision, 42, 'nobody asked to read it')
})

test('a reload during a change waits for its end', async (t) => {
  const box = await openBox(t)
  await box.write(textOf(42))
  const gateway = await box.start()
  await box.line('gateway ready')
  await apply(box, textOf(43))
  await box.write(textOf(51))
  gateway.reload()
  assert.equal((await box.line('reload waits')).code, 'CONFIG_PENDING')
  assert.equal((await ask<ConfigAnswer>(box, 'config')).revision, 43)
  await post(box, 'rollback')
  await until(() => (gateway.status().revision === 51 ? true : null))
})

test('a disk that refuses the confirm: not acknowledged, and nothing of it stays', async (t) => {
  const box = await running(t)
  await apply(box, textOf(43), 3)
  // A folder in its place cannot be replaced by a file.
  const { config } = box.places
  await rm(config)
  await assert.rejects(post(box, 'confirm'), { code: 'CONFIG_CONFLICT' })
  await writeFile(config, textOf(42))
  await rm(box.places.configFolder, { recursive: true })
  await writeFile(box.places.configFolder, 'no folder')
  await assert.rejects(post(box, 'confirm'), { code: 'STORE_WRITE_FAILED' })
  assert.equal((await box.line('change taken back')).code, 'CONFIG_UNCONFIRMED')
  assert.equal(await readFile(config, 'utf8'), textOf(42))
  await chmod(config, 0o600)
})

test('device.yaml gone, broken or cut short: the newest that is sound runs', async (t) => {
  const box = await openBox(t)
  const yaml = (revision: number): string => `${textOf(revision).slice(0, -1)}\n}\n`
  await box.write(yaml(42))
  let gateway = await box.start()
  await box.line('gateway ready')
  await apply(box, yaml(43), 0)
  const again = async (): Promise<{ revision: number | null; configSource: string }> => {
    await gateway[Symbol.asyncDispose]()
    box.newDatapath()
    gateway = await box.start()
    return until(() => (gateway.status().revision === null ? null : gateway.status()))
  }
  await rm(box.places.config)
  const { revision, configSource } = await again()
  assert.deepEqual([revision, configSource], [43, 'last-good'])
  await box.write(yaml(43).slice(0, 200))
  assert.equal((await again()).revision, 43)
  // With the newest broken, the one before it.
  await writeFile(join(box.places.configFolder, '00000002.yaml'), '')
  assert.equal((await again()).revision, 42)
  assert.equal((await box.line('saved configuration passed over')).code, 'STORE_CORRUPT')
})

test('what is left of a cut document is not taken for the whole at boot, but when asked', async (t) => {
  const box = await openBox(t)
  const lines = (count: number): string => {
    const { peers, ...rest } = sampleConfig()
    const list = peers.slice(0, count).map((peer: object) => `  - ${JSON.stringify(peer)}\n`)
    return `${yamlOf(rest)}peers:\n${list.join('')}`
  }
  await box.write(lines(2))
  const first = await box.start()
  await box.line('gateway ready')
  await first[Symbol.asyncDispose]()
  box.newDatapath()
  await box.write(lines(1))
  const gateway = await box.start()
  assert.equal((await box.line('configuration refused')).code, 'CONFIG_TRUNCATED')
  await box.line('gateway ready')
  assert.equal(gateway.status().peers.length, 2)
  gateway.reload()
  await box.line('another configuration under the same revision')
  await until(() => (gateway.status().peers.length === 1 ? true : null))
})

function yamlOf(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join('')
}

test('the first configuration of a box can have nothing to return to', async (t) => {
  const box = await openBox(t)
  await box.start()
  await box.line('configuration refused')
  await until(() => ask<ConfigAnswer>(box, 'config').catch(() => null))
  await assert.rejects(apply(box, textOf(1)), { code: 'CONFIG_NO_FALLBACK' })
  await apply(box, textOf(1), 0)
  assert.equal(await readFile(box.places.config, 'utf8'), textOf(1))
})
