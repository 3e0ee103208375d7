/** The lab keeps its promises: labs do not disturb each other, and none leaves anything behind. Needs root. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { parseDeviceConfig } from '../../firmware/host/config/parse.ts'
import { plainRouting } from '../bench/carriers.ts'
import { startCapture } from './capture.ts'
import { describeSites, describeWhole } from './description.ts'
import { startDhcpServers } from './dhcp.ts'
import { plantDrop } from './faults.ts'
import { exchangeDatagrams, fetchFile, hostAddress, sendStream, startServers } from './hosts.ts'
import { openLab } from './lab.ts'
import {
  readHugepages,
  readNamespaces,
  readRecords,
  reserveHugepages,
  withMachineLock,
} from './machine.ts'
import { ip } from './network.ts'
import { datagramOf } from './pcap.ts'
import { writeSiteFiles } from './site-files.ts'

const bearing = (id: string): string[] => readNamespaces().filter((name) => name.endsWith(`-${id}`))
/** Pages that no lab holds; other labs of this machine may come and go meanwhile. */
const freeHugepages = (): Promise<number> =>
  withMachineLock(async () =>
    readRecords().reduce((left, { hugepages }) => left - hugepages, readHugepages()),
  )
const hugepagesBefore = await freeHugepages()
after(async () => assert.equal(await freeHugepages(), hugepagesBefore))

test('hosts reach each other, what they exchange is compared, and nothing is left', async () => {
  let id = ''
  {
    await using lab = await openLab(describeSites(2))
    id = lab.id
    await plainRouting.start(lab)
    await startServers(lab)
    const capture = await startCapture(lab, 'internet', 'berlin', 'udp')
    const spec = { seed: 7, bytes: 300_000 }
    assert.equal((await fetchFile(lab, 'berlin', 'lisbon', spec)).isEqual, true)
    const corrupt = await fetchFile(lab, 'berlin', 'lisbon', { ...spec, isCorrupt: true })
    assert.equal(corrupt.isEqual, false)
    const exchanged = await exchangeDatagrams(lab, 'lisbon', 'berlin', { count: 3, maxBytes: 900 })
    assert.deepEqual([exchanged.sent, exchanged.equal], [3, 3])
    const { frames, missed } = await capture.finish()
    assert.equal(missed, 0)
    const sizes = frames.map((frame) => datagramOf(frame)?.payload.length)
    assert.deepEqual(sizes, [8, 8, 454, 454, 900, 900])
  }
  assert.deepEqual(bearing(id), [])
  assert.equal(existsSync(`/run/causeway-lab/${id}.json`), false)
})

test('a stream accounts for every datagram, those that a filter drops included', async () => {
  await using lab = await openLab(describeSites(2))
  await plainRouting.start(lab)
  const stream = { ratePps: 5_000, count: 2_000, bytes: 100 }
  const whole = await sendStream(lab, 'berlin', 'lisbon', stream)
  assert.equal(whole.delivered + whole.socketDrops, 2_000)
  assert.equal(whole.sent, 2_000)
  await plantDrop(lab, 'internet', 'forward', 'meta l4proto udp numgen inc mod 100 == 7')
  const thinned = await sendStream(lab, 'berlin', 'lisbon', stream)
  assert.equal(thinned.delivered + thinned.socketDrops, 1_980)
})

test('a lab that is refused does no harm to the one that runs under its name', async () => {
  await using one = await openLab(describeSites(2))
  process.env.CAUSEWAY_LAB_ID = one.id
  try {
    await assert.rejects(openLab(describeSites(2)), { code: 'LAB_INVALID' })
  } finally {
    delete process.env.CAUSEWAY_LAB_ID
  }
  assert.equal(bearing(one.id).length, 5)
  await plainRouting.start(one)
})

test('two labs run at once', async () => {
  await using one = await openLab(describeSites(2))
  await using other = await openLab(describeSites(2))
  await Promise.all([plainRouting.start(one), plainRouting.start(other)])
  await Promise.all([startServers(one), startServers(other)])
  const spec = { seed: 1, bytes: 100_000 }
  const fetched = await Promise.all(
    [one, other].map((lab) => fetchFile(lab, 'berlin', 'lisbon', spec)),
  )
  assert.deepEqual(
    fetched.map(({ isEqual }) => isEqual),
    [true, true],
  )
})

test('the boxes get a configuration that the firmware accepts', async () => {
  await using lab = await openLab(describeSites(3, { rekeySeconds: 5 }))
  writeSiteFiles(lab.description, lab.names)
  for (const { name } of lab.sites) {
    const path = `/etc/causeway/${lab.names.instance(name)}/device.yaml`
    const { config, errors } = parseDeviceConfig(readFileSync(path, 'utf8'))
    assert.deepEqual(errors, [])
    assert.equal(config?.peers.length, 2)
  }
})

test('two segments, both families, WANs of an MTU and by DHCP: as described', async () => {
  await using lab = await openLab(describeWhole(2, { wanMtu: 1400, dhcpSites: ['berlin'] }))
  writeSiteFiles(lab.description, lab.names)
  for (const { name } of lab.sites) {
    const path = `/etc/causeway/${lab.names.instance(name)}/device.yaml`
    const { config, errors } = parseDeviceConfig(readFileSync(path, 'utf8'))
    assert.deepEqual(errors, [])
    assert.equal(config?.uplinks[0]?.address === 'dhcp', name === 'berlin')
    assert.deepEqual(Object.keys(config?.peers[0]?.segments ?? {}), ['office', 'cameras'])
  }
  // What the gateways would do, to see that the hosts' side fits.
  await ip(lab.netns('lisbon'), [
    'address add 10.2.20.1/24 dev eth2',
    'address add fd00:2:20::1/64 dev eth2 nodad',
    'address add 2001:db8:2::2/64 dev eth1 nodad',
  ])
  for (const [where, to] of [
    ['lisbon-cameras', '10.2.20.1'],
    ['lisbon-cameras', 'fd00:2:20::1'],
    ['lisbon', hostAddress(lab, 'lisbon-cameras', 6)],
    ['internet', '2001:db8:2::2'],
  ] as const) {
    const { code, stdout } = await lab.attempt(where, ['ping', '-n', '-c', '1', '-W', '2', to])
    assert.equal(code, 0, stdout)
  }
  assert.match(await lab.exec('lisbon', ['ip', 'link', 'show', 'eth1']), / mtu 1400 /)
  await startDhcpServers(lab.sites, (where, argv) => lab.spawn(where, argv))
  const client = ['udhcpc', '-i', 'eth1', '-n', '-q', '-f', '-s', '/bin/true']
  const { stderr } = await lab.attempt('berlin', client)
  assert.match(stderr, /lease of 198\.51\.100\.2 obtained/)
})

const script = `
  import { openLab } from '${join(import.meta.dirname, 'lab.ts')}'
  import { describeSites } from '${join(import.meta.dirname, 'description.ts')}'
  const lab = await openLab(describeSites(2))
  lab.spawn('berlin-host', ['tail', '-f', '/dev/null'])
  console.log(lab.id)
  setInterval(() => {}, 60_000)
`

test('Ctrl-C, even twice, leaves nothing', async () => {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script])
  const exited = once(child, 'exit')
  const [id] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  assert.equal(bearing(id).length, 5)
  child.kill('SIGINT')
  child.kill('SIGINT')
  assert.deepEqual(await exited, [130, null])
  assert.deepEqual(bearing(id), [])
})

test('what a killed lab left goes when the next one opens, hugepages included', async () => {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script])
  const exited = once(child, 'exit')
  const [id] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const recordPath = `/run/causeway-lab/${id}.json`
  const pagesBefore = await freeHugepages()
  await withMachineLock(async () => {
    reserveHugepages(JSON.parse(readFileSync(recordPath, 'utf8')), 4)
  })
  assert.equal(await freeHugepages(), pagesBefore)
  child.kill('SIGKILL')
  await exited
  assert.equal(bearing(id).length, 5)
  await using lab = await openLab(describeSites(2))
  assert.deepEqual(bearing(id), [])
  assert.equal(existsSync(recordPath), false)
  assert.equal(bearing(lab.id).length, 5)
  assert.equal(await freeHugepages(), pagesBefore)
})
