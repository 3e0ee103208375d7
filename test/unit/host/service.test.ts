/** The programs beside the datapath: real processes that outlive their gateway, and the reading of leases. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type VirtualClock, virtualClock } from '../../../firmware/host/clock/virtual.ts'
import { leaseScriptPath, readLease } from '../../../firmware/host/service/lease.ts'
import { end, type Launch, launch, look, tell } from '../../../firmware/host/service/process.ts'
import type { Services } from '../../../firmware/host/service/service.ts'
import { openServices } from '../../../firmware/host/service/system.ts'
import type { ServiceState } from '../../../firmware/model/service.ts'

const folder = mkdtempSync(join(tmpdir(), 'cwsv-'))
const note = join(folder, 'sleeper.json')
const sleeper: Launch = { argv: ['sleep', '600'], env: {}, text: 'one' }

after(async () => {
  await end(note)
  rmSync(folder, { recursive: true })
})

test('a program is known again by its note, told from one started otherwise, and ended', async () => {
  assert.equal(await look(note, sleeper), 'otherwise')
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
  assert.equal(await look(note, sleeper), 'otherwise')
})

test('a program that has no ear for a signal yet does not die of it', async () => {
  await launch(note, sleeper)
  await tell(note, 'SIGUSR1')
  assert.equal(await look(note, sleeper), 'as wanted')
  await end(note)
})

test('a program that is not there is a coded error', async () => {
  const missing = { ...sleeper, argv: ['causeway-no-such-program'] }
  await assert.rejects(launch(note, missing), { code: 'HOST_SYSTEM' })
})

test('a program that cannot be noted does not run', async () => {
  const unnoted = { ...sleeper, argv: ['sleep', '61234567'] }
  const nowhere = join(folder, 'nowhere.json')
  mkdirSync(nowhere)
  await assert.rejects(launch(nowhere, unnoted), { code: 'STORE_WRITE_FAILED' })
  await new Promise((passed) => setTimeout(passed, 100))
  const { stdout } = spawnSync('pgrep', ['-f', '^(/bin/sh|sleep).* 61234567'], { encoding: 'utf8' })
  assert.equal(stdout, '')
})

const dnsmasq = (config: string): ServiceState => ({
  name: 'dnsmasq',
  program: 'dnsmasq',
  device: '',
  config,
})
/** Ends at once: there is no such link. */
const client = (config: string): ServiceState => ({
  name: 'udhcpc-cwnone',
  program: 'udhcpc',
  device: 'cwnone',
  config,
})
const fits = 'port=0\nbind-interfaces\nlisten-address=127.0.0.1\n'

async function withServices(
  work: (
    services: Services,
    clock: VirtualClock,
    faults: string[],
    runFolder: string,
  ) => Promise<void>,
): Promise<void> {
  const runFolder = join(mkdtempSync(join(folder, 'run-')), 'services')
  const clock = virtualClock()
  const faults: string[] = []
  await using services = openServices({
    clock,
    runFolder,
    leaseFile: join(folder, 'leases'),
    onFault: (service) => void faults.push(service),
  })
  await work(services, clock, faults, runFolder)
  await services.run([])
}

test('a service that cannot start keeps no other from it, and is tried with growing pauses', async () => {
  await withServices(async (services, clock, faults, runFolder) => {
    const wanted = [dnsmasq('no-such-option\n'), client('one')]
    await assert.rejects(services.run(wanted), { code: 'HOST_SYSTEM' })
    assert.ok(existsSync(join(runFolder, 'udhcpc-cwnone.json')))
    for (let second = 0; second < 60; second++) {
      await clock.advance(1_000)
      // Waits for the look under way.
      await services.renew('none')
    }
    const tries = faults.filter((service) => service === 'dnsmasq').length
    assert.ok(tries >= 5 && tries <= 7, `${tries} tries in a minute`)
    assert.deepEqual(
      services.status().map(({ name, isSteady }) => [name, isSteady]),
      [
        ['dnsmasq', false],
        ['udhcpc-cwnone', false],
      ],
    )
    await assert.rejects(services.run(wanted), { code: 'HOST_SYSTEM' })
  })
})

test('a configuration that dnsmasq refuses replaces none that runs', async () => {
  await withServices(async (services, _clock, _faults, runFolder) => {
    await services.run([dnsmasq(fits)])
    const read = (file: string): string => readFileSync(join(runFolder, file), 'utf8')
    const running = read('dnsmasq.json')
    const refused = dnsmasq('dhcp-range=::,constructor:lan0,ra-stateless,48,3600\n')
    await assert.rejects(services.run([refused]), { code: 'HOST_SYSTEM', detail: /prefix length/ })
    assert.equal(read('dnsmasq.json'), running)
    assert.equal(read('dnsmasq.conf'), fits)
    const { pid } = JSON.parse(running) as { pid: number }
    process.kill(pid, 0)
    await services.run([dnsmasq(fits)])
    assert.equal(read('dnsmasq.json'), running)
    assert.equal(services.status()[0]?.isSteady, true)
  })
})

test('a lease is over when the network it was lent on is another', async () => {
  await withServices(async (services, _clock, _faults, runFolder) => {
    const leaseFile = join(runFolder, 'udhcpc-cwnone.lease')
    await services.run([client('eth0 0 02:00:00:00:00:01')])
    writeFileSync(leaseFile, textOf({ at: '99999999' }))
    await services.run([client('eth0 0 02:00:00:00:00:01')])
    assert.equal((await services.leases()).length, 1)
    await services.run([client('eth1 0 02:00:00:00:00:02')])
    assert.deepEqual(await services.leases(), [])
  })
})

const lent = {
  address: '192.0.2.77',
  bits: '24',
  router: '192.0.2.1',
  dns: '192.0.2.53 198.51.100.53',
  lease: '3600',
  at: '100.50',
  controllers: '',
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
    controllers: [],
    expiresInMs: 3_600_000,
  })
  assert.equal(readLease('wan0', textOf(), 3_700_500), null)
})

test('the script that the DHCP client runs notes a lease, keeps it over a restart, drops a refused one', () => {
  const leaseFile = join(folder, 'wan0.lease')
  const env = { PATH: '/usr/bin:/bin', CAUSEWAY_LEASE: leaseFile, ip: '192.0.2.77', mask: '24' }
  const run = (event: string): unknown =>
    execFileSync(leaseScriptPath, [event], { env: { ...env, lease: '600' } })
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

test('the script gives the kernel the time that the gateway reads, whatever a server says', () => {
  const leaseFile = join(folder, 'times.lease')
  // A namespace of its own, whose one link has the address already.
  const steps = `set -e
    ip addr add 192.0.2.77/24 dev lo valid_lft 100 preferred_lft 100
    ${leaseScriptPath} renew
    ip -json addr show dev lo`
  const renew = (lease: number): number => {
    const lent = { ip: '192.0.2.77', mask: '24', interface: 'lo', lease: String(lease) }
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', CAUSEWAY_LEASE: leaseFile, ...lent }
    const text = execFileSync('unshare', ['--net', 'sh', '-c', steps], { env, encoding: 'utf8' })
    return JSON.parse(text)[0].addr_info[0].valid_life_time
  }
  const read = (): number => {
    const text = readFileSync(leaseFile, 'utf8')
    const atMs = Number(/^at=(.*)$/m.exec(text)![1]) * 1_000
    return Math.round(readLease('lo', text, atMs)!.expiresInMs / 1_000)
  }
  for (const lease of [0, 1, 29, 30, 600, 0xffff_fffe, 0xffff_ffff]) {
    const left = renew(lease)
    const given = read()
    assert.equal(given, Math.min(Math.max(lease, 30), 0xffff_fffe))
    // It runs down since.
    assert.ok(left <= given && left >= given - 5, `${lease}: ${given}, ${left}`)
  }
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
  for (const bits of ['', '0', '1', '7', '33', '-1', '24 dev lo'])
    assert.equal(read({ bits }), null, bits)
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

test('a lease tells where controllers are (RFC 8572): what is malformed or no place is passed over', () => {
  const uri = (text: string): string => {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(text.length)
    return Buffer.concat([length, Buffer.from(text)]).toString('hex')
  }
  const read = (controllers: string) =>
    readLease('wan0', textOf({ controllers }), 100_500)!.controllers
  const two = `${uri('https://ctl.example.net:8443')}${uri('https://[2001:db8::1]/')}`
  assert.deepEqual(read(two), [
    { host: 'ctl.example.net', port: 8443 },
    { host: '2001:db8::1', port: 443 },
  ])
  assert.deepEqual(read(`${uri('http://plain.example')}${uri('https://a.example')}`), [
    { host: 'a.example', port: 443 },
  ])
  for (const bad of [
    'zz',
    'ffff',
    '000',
    `${uri('https://a.example')}00`,
    uri('https://a b'),
    uri('https://u@h'),
  ]) {
    assert.ok(read(bad).length <= 1, bad)
  }
  assert.deepEqual(read(uri('https://u@h.example')), [])
  assert.equal(read(uri('https://a.example').repeat(9)).length, 4)
})
