/** A configuration that is looked at without being tried, and one of the history that is tried again. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { askApi } from '../../../firmware/host/system/api-client.ts'
import type { CheckAnswer, ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import type { LansAnswer, NicsAnswer } from '../../../firmware/model/local-api-lan.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { type Box, openBox } from './box.ts'

async function running(t: TestContext): Promise<Box> {
  const box = await openBox(t)
  await box.write(sampleConfig())
  await box.start()
  await box.line('gateway ready')
  return box
}

async function ask<Value>(box: Box, path: string, post?: object): Promise<Value> {
  const body = post === undefined ? {} : { post }
  return JSON.parse(await askApi(box.places.apiSocket, `/api/v1/${path}`, body)) as Value
}

const check = (box: Box, config: unknown, more = {}): Promise<CheckAnswer> =>
  ask(box, 'config/check', {
    text: typeof config === 'string' ? config : JSON.stringify(config),
    ...more,
  })

test('a check says what would change, and what would come of it to no good; nothing is touched', async (t) => {
  const box = await running(t)
  const config = { ...sampleConfig(), revision: 43 }
  config.segments[0].breakout = false
  config.overlay.relay = { rate: '10k' }
  const steps = box.net.applied.length
  const answer = await check(box, config)
  assert.deepEqual(answer.problems, [])
  assert.deepEqual(answer.differences, [
    { path: '/revision', before: 42, after: 43 },
    { path: '/overlay/relay', after: { rate: '10k' } },
    { path: '/segments/office/breakout', before: true, after: false },
  ])
  assert.equal(answer.differenceCount, 3)
  assert.match(answer.warnings.join(), /less than 64k/)
  assert.equal((await ask<ConfigAnswer>(box, 'config')).revision, 42)
  assert.equal(box.net.applied.length, steps)
})

test('all problems come with their places; a revision that has been used is one', async (t) => {
  const box = await running(t)
  const broken = { ...sampleConfig(), revision: 43, site: '' }
  broken.lans[0].segment = 'nowhere'
  const { problems, differences } = await check(box, broken)
  assert.deepEqual(
    problems.map(({ path, line }) => [path, line]),
    [
      ['/site', 1],
      ['/lans/0/segment', 1],
    ],
  )
  assert.deepEqual(differences, [])
  const old = await check(box, sampleConfig())
  assert.deepEqual(
    old.problems.map(({ code, path }) => [code, path]),
    [['CONFIG_REVISION_OLD', '/revision']],
  )
  assert.equal((await check(box, '[')).problems[0]?.code, 'CONFIG_SYNTAX')
  const hidden = { ...sampleConfig(), revision: 43, token: '<hidden>' }
  assert.deepEqual((await check(box, hidden)).problems[0]?.code, 'CONFIG_SECRET_HIDDEN')
  await assert.rejects(check(box, sampleConfig(), { basedOn: 9 }), { code: 'API_NOT_FOUND' })
})

test('one that ran before is tried again under the next revision, comments and all', async (t) => {
  const box = await running(t)
  const { nextRevision } = await ask<ConfigAnswer>(box, 'config')
  assert.equal(nextRevision, 43)
  const text = `# by hand\n${JSON.stringify({ ...sampleConfig(), revision: 43 })}`
  await ask(box, 'config/apply', { text, confirmSeconds: 0 })
  const other = { ...sampleConfig(), revision: 50, site: 'bonn' }
  await ask(box, 'config/apply', { text: JSON.stringify(other), confirmSeconds: 0 })
  await assert.rejects(ask(box, 'config/history/9/apply', { confirmSeconds: 60 }), {
    code: 'API_NOT_FOUND',
  })
  await ask(box, 'config/history/2/apply', { confirmSeconds: 60 })
  const { pendingChange } = await ask<ConfigAnswer>(box, 'config')
  assert.deepEqual([pendingChange?.revision, pendingChange?.phase], [51, 'waiting'])
  await ask(box, 'config/confirm', {})
  const kept = await readFile(box.places.config, 'utf8')
  assert.equal(kept, text.replace('"revision":43', '"revision":51'))
})

test('LANs with whom they have, and NICs with what they are', async (t) => {
  const box = await openBox(t)
  const config = sampleConfig()
  config.lans[0].dhcp = { from: '10.1.0.50', to: '10.1.0.60' }
  await box.write(config)
  const lease = { address: '10.1.0.50', mac: '02:00:00:00:00:09', expiresInMs: 60_000 }
  box.hostLeases = [{ ...lease, hostName: 'printer' }]
  await box.start()
  await box.line('gateway ready')
  const { lans } = await ask<LansAnswer>(box, 'lans')
  assert.deepEqual(
    lans.map(({ name, leases }) => [name, leases.map(({ dnsName }) => dnsName)]),
    [
      ['lan0', ['printer']],
      ['cams', []],
    ],
  )
  const { nics } = await ask<NicsAnswer>(box, 'nics')
  assert.deepEqual(nics.map(({ nic, ports }) => [nic, ports[0]?.name]).toSorted(), [
    ['netdev:enp1s0', 'wan0'],
    ['netdev:enp2s0', 'lan0'],
    ['netdev:enp3s0', 'cams'],
    ['netdev:wwan0', 'lte0'],
  ])
})
