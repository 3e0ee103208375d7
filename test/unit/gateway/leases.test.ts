/** What comes and goes while a gateway runs: leases of its uplinks, and prefixes that are withdrawn. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LeaseFacts } from '../../../firmware/model/service.ts'
import { sampleConfig, sampleNics } from '../model/sample-config.ts'
import { type Box, openBox, until } from './box.ts'

const lease: LeaseFacts = {
  device: 'lte0',
  address: '203.0.113.9/30',
  gateway: '203.0.113.10',
  dnsServers: [],
  controllers: [],
  expiresInMs: 60_000,
}

function withDhcp(): ReturnType<typeof sampleConfig> {
  const config = sampleConfig()
  delete config.uplinks[1].gateway
  config.uplinks[1].address = 'dhcp'
  return config
}

async function addressesOf(box: Box, twin: string): Promise<readonly string[]> {
  // The fake tells all it has, whatever is asked for.
  const { links } = await box.net.read({} as never)
  return links.find(({ name }) => name === twin)?.addresses ?? []
}

test('an uplink by DHCP is left out until it is lent an address, and when the lease is over', async (t) => {
  // What would be looked at in half a minute is looked at in a fifth of a second.
  const box = await openBox(t, sampleNics, 200)
  await box.write(withDhcp())
  await box.start()
  await box.line('gateway ready')
  assert.deepEqual(
    box.services.running.map(({ name }) => name),
    ['udhcpc-lte0'],
  )
  assert.deepEqual(await addressesOf(box, 'lte0'), [])
  box.services.lend([lease])
  await until(async () => ((await addressesOf(box, 'lte0')).length > 0 ? true : null))
  assert.deepEqual(await addressesOf(box, 'lte0'), ['203.0.113.9/30'])
  box.services.lend([])
  await until(async () => ((await addressesOf(box, 'lte0')).length === 0 ? true : null))
})

test('a carrier that comes back has the lease asked for again at once', async (t) => {
  const box = await openBox(t)
  await box.write(withDhcp())
  await box.start()
  await box.line('gateway ready')
  const datapath = box.datapath!
  const set = async (twin: string, isUp: boolean): Promise<void> => {
    datapath.setCarrier(twin, isUp)
    // Nothing here waits for more than turns of its own.
    await new Promise((passed) => setImmediate(passed))
  }
  // One that is seen for the first time has not come back.
  await set('lte0', true)
  await set('lte0', false)
  assert.deepEqual(box.services.renewed, [])
  await set('lte0', true)
  assert.deepEqual(box.services.renewed, ['lte0'])
  await set('lte0', true)
  assert.deepEqual(box.services.renewed, ['lte0'])
  // Gone and back before anybody looks.
  datapath.setCarrier('lte0', false)
  await set('lte0', true)
  assert.deepEqual(box.services.renewed, ['lte0', 'lte0'])
})

test('a carrier that comes back is told once, however many changes tell of it', async (t) => {
  const box = await openBox(t)
  await box.write(withDhcp())
  await box.start()
  await box.line('gateway ready')
  const datapath = box.datapath!
  const { counters } = datapath
  let [underWay, most, readings] = [0, 0, 0]
  datapath.counters = async () => {
    most = Math.max(most, ++underWay)
    const read = await counters().finally(() => underWay--)
    readings++
    return read
  }
  const settle = async (): Promise<void> => {
    const wanted = readings + 2
    await until(async () => (readings >= wanted ? true : null))
  }
  for (const isUp of [false, true]) {
    for (let change = 0; change < 5; change++) datapath.setCarrier('lte0', isUp)
    await settle()
  }
  assert.deepEqual(box.services.renewed, ['lte0'])
  assert.equal(most, 1)
})

test('a lease with a network of those inside is refused, and said', async (t) => {
  const box = await openBox(t)
  box.services.lend([{ ...lease, address: '10.9.0.9/24', gateway: null }])
  await box.write(withDhcp())
  await box.start()
  assert.equal((await box.line('lease refused: its network is one of those inside')).uplink, 'lte0')
  await box.line('gateway ready')
  assert.deepEqual(await addressesOf(box, 'lte0'), [])
})

test('a prefix that is withdrawn stays unreachable, over a restart of the gateway too', async (t) => {
  const box = await openBox(t)
  await box.write(sampleConfig())
  const gateway = await box.start()
  await box.line('gateway ready')
  const config = { ...sampleConfig(), revision: 43, peers: [] }
  await box.write(config)
  gateway.reload()
  await box.line('configuration applied')
  const kindsOf = async (): Promise<string[]> => {
    const { routes } = await box.net.read({} as never)
    return routes.filter(({ prefix }) => prefix === '10.9.0.0/16').map(({ kind }) => kind)
  }
  assert.deepEqual(await kindsOf(), ['unreachable'])
  await gateway[Symbol.asyncDispose]()
  box.newDatapath()
  await box.start()
  await box.line('gateway ready')
  assert.deepEqual(await kindsOf(), ['unreachable'])
})
