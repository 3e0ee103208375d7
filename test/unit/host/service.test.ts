/** The programs beside the datapath: real processes that outlive their gateway, and the reading of leases. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { leaseScript, readLease } from '../../../firmware/host/service/lease.ts'
import { end, type Launch, launch, look } from '../../../firmware/host/service/process.ts'

const folder = mkdtempSync(join(tmpdir(), 'cwsv-'))
const note = join(folder, 'sleeper.json')
const sleeper: Launch = { argv: ['sleep', '600'], env: {}, text: 'one' }

after(async () => {
  await end(note)
  rmSync(folder, { recursive: true })
})

test('a program is known again by its note, told from one started otherwise, and ended', async () => {
  assert.equal(await look(note, sleeper), 'gone')
  await launch(note, sleeper)
  assert.equal(await look(note, sleeper), 'as wanted')
  assert.equal(await look(note, { ...sleeper, text: 'two' }), 'otherwise')
  const { pid } = JSON.parse(readFileSync(note, 'utf8')) as { pid: number }
  // Another process of the same number is not ours: it is neither taken for it nor ended.
  const kept = readFileSync(note, 'utf8')
  writeFileSync(note, kept.replace(/"startTicks":\d+/, '"startTicks":1'))
  assert.equal(await look(note, sleeper), 'gone')
  writeFileSync(note, kept)
  await end(note)
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  assert.equal(await look(note, sleeper), 'gone')
})

test('a program that is not there is a coded error', async () => {
  const missing = { ...sleeper, argv: ['causeway-no-such-program'] }
  await assert.rejects(launch(note, missing), { code: 'HOST_SYSTEM' })
})

const lent = {
  address: '192.0.2.77',
  bits: '24',
  router: '192.0.2.1',
  dns: '192.0.2.53 198.51.100.53',
  lease: '3600',
  at: '100.50',
}
const textOf = (change: Partial<typeof lent> = {}): string =>
  Object.entries({ ...lent, ...change })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')

test('a lease is read with what is left of it', () => {
  assert.deepEqual(readLease('wan0', textOf(), 100_500), {
    device: 'wan0',
    address: '192.0.2.77/24',
    gateway: '192.0.2.1',
    dnsServers: ['192.0.2.53', '198.51.100.53'],
    expiresInMs: 3_600_000,
  })
  assert.equal(readLease('wan0', textOf(), 3_700_500), null)
})

test('the script that the DHCP client runs notes a lease, keeps it over a restart, drops a refused one', () => {
  const script = join(folder, 'script.sh')
  const leaseFile = join(folder, 'wan0.lease')
  writeFileSync(script, leaseScript, { mode: 0o700 })
  const env = { PATH: '/usr/bin:/bin', CAUSEWAY_LEASE: leaseFile, ip: '192.0.2.77', mask: '24' }
  const run = (event: string): unknown =>
    execFileSync(script, [event], { env: { ...env, lease: '600' } })
  run('deconfig')
  run('bound')
  const { address, gateway } = readLease('wan0', readFileSync(leaseFile, 'utf8'), 0)!
  assert.deepEqual([address, gateway], ['192.0.2.77/24', null])
  run('deconfig')
  run('leasefail')
  assert.ok(existsSync(leaseFile))
  run('nak')
  assert.ok(!existsSync(leaseFile))
})

test('a stranger that lends nonsense lends nothing', () => {
  const read = (change: Partial<typeof lent>): unknown => readLease('wan0', textOf(change), 100_500)
  for (const address of [
    '127.0.0.1',
    '224.0.0.1',
    '192.0.2.0',
    '192.0.2.255',
    '1.2.3',
    '',
    '$(id)',
  ]) {
    assert.equal(read({ address }), null, address)
  }
  for (const bits of ['', '0', '33', '-1', '24 dev lo']) assert.equal(read({ bits }), null, bits)
  for (const lease of ['', '-5', 'x', '99999999999']) assert.equal(read({ lease }), null, lease)
  assert.equal(read({ at: 'NaN' }), null)
  for (const router of ['', '198.51.100.1', '192.0.2.77', '192.0.2.255']) {
    assert.equal((read({ router }) as { gateway: unknown }).gateway, null, router)
  }
  const { dnsServers } = read({
    dns: '::1 127.0.0.53 a;b 192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5',
  }) as {
    dnsServers: string[]
  }
  assert.deepEqual(dnsServers, ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'])
})
