/**
 * Sites for simulations of relaying: each a gateway's peering over a fake datapath, none of which may call another but its
 * hubs. Nothing here asserts more than that a wait ends.
 */
import assert from 'node:assert/strict'
import { Peering } from '../../firmware/gateway/peering.ts'
import { type FakeDatapath, fakeDatapath } from '../../firmware/host/datapath/fake.ts'
import type { UdpAddress } from '../../firmware/host/udp/udp.ts'
import type { DeviceConfig } from '../../firmware/model/device-config.ts'
import { encodeWireKey } from '../../firmware/model/wire-key.ts'
import { type X25519Pair, x25519Pair } from '../../firmware/wire/x25519.ts'
import { reading, samplePath } from '../unit/plan/sample-path.ts'
import { type Box, noNat, noRecord, programOf, type World } from './session-world.ts'

export interface Site {
  readonly name: string
  readonly role: 'hub' | 'site'
  /** Of a hub. */
  relays: boolean
  readonly local: UdpAddress
  readonly wireKey: X25519Pair
  readonly received: string[]
  readonly messages: string[]
  peering: Peering
  datapath: FakeDatapath
  generation: number
  boots: number
}

export interface RelayWorld extends World {
  readonly sites: Site[]
}

/** Those that there are already are told of it. */
export async function addSite(
  world: RelayWorld,
  { name, address, role = 'site' }: { name: string; address: string; role?: 'hub' | 'site' },
): Promise<Site> {
  const site = {
    ...{ name, role, relays: true, generation: 0, boots: 0 },
    local: { address, port: 51_820 },
    wireKey: x25519Pair(world.randomBytes(32)),
    received: [] as string[],
    messages: [] as string[],
  } as unknown as Site
  site.datapath = bootDatapath(world, site)
  site.peering = bootPeering(world, site)
  world.sites.push(site)
  for (const one of world.sites) await during(world, configure(world, one))
  return site
}

/** From now on the hub relays, or does so no more. */
export async function setRelays(world: RelayWorld, hub: Site, relays: boolean): Promise<void> {
  hub.relays = relays
  await during(world, configure(world, hub))
}

/** The gateway process ends and starts again. */
export async function restartSite(world: RelayWorld, site: Site): Promise<void> {
  await during(world, site.peering[Symbol.asyncDispose]())
  site.peering = bootPeering(world, site)
  await during(world, configure(world, site))
}

/** The datapath process dies and another takes its place. */
export async function restartSiteDatapath(world: RelayWorld, site: Site): Promise<void> {
  site.datapath.kill('killed by the simulation')
  site.datapath = bootDatapath(world, site)
  await during(world, configure(world, site))
}

/** Whether a packet of each comes to the other, now. */
export async function bothHear(world: RelayWorld, a: Site, b: Site): Promise<boolean> {
  const mark = `${world.clock.nowMs()}`
  const isSent = [
    a.datapath.sendData(b.name, Buffer.from(mark)),
    b.datapath.sendData(a.name, Buffer.from(mark)),
  ]
  await world.clock.advance(200)
  return isSent.every(Boolean) && [a, b].every(({ received }) => received.includes(mark))
}

export async function untilBothHear(
  world: RelayWorld,
  a: Site,
  b: Site,
  withinMs: number,
): Promise<number> {
  const startMs = world.clock.nowMs()
  while (!(await bothHear(world, a, b))) {
    const tookMs = world.clock.nowMs() - startMs
    assert.ok(tookMs <= withinMs, `no packet crossed within ${tookMs} ms`)
  }
  return world.clock.nowMs() - startMs
}

/** A second passes at the site, whose datapath then counts a relayed path to the peer, up, and so many packets. */
export async function countSecond(
  world: RelayWorld,
  site: Site,
  { peer, packets }: { peer: string; packets: number },
): Promise<void> {
  const path = samplePath({ peer, isRelayed: true, uplink: 254, remoteAddress: '100::1:0:1' })
  const { peers, ...counters } = reading([path])
  const counted = peers.map((one) => ({ ...one, peer, rxPackets: packets, localIndex: 1 }))
  site.peering.onCounters({ ...counters, peers: counted })
  await world.clock.advance(1_000)
}

export async function endSites(world: RelayWorld): Promise<void> {
  for (const { peering, datapath } of world.sites) {
    await peering[Symbol.asyncDispose]()
    datapath.kill('the end')
  }
  await world.clock.advance(10_000)
  assert.equal(world.clock.pending(), 0, 'a timer outlived its owner')
}

function bootDatapath({ clock, network }: World, site: Site): FakeDatapath {
  const bootId = `${site.name}-${++site.boots}`
  const datapath = fakeDatapath({ clock, network, local: site.local, bootId })
  datapath.onData((_, payload) => site.received.push(Buffer.from(payload).toString()))
  datapath.onEvent((event) => site.peering.onEvent(event))
  return datapath
}

function bootPeering({ clock, randomBytes, network }: World, site: Site): Peering {
  const log = (_: object, message: string): void => void site.messages.push(message)
  const names = ['', 'wan0']
  return new Peering({
    clock,
    random: randomBytes,
    log: { info: log, warn: log },
    wireKey: site.wireKey,
    ...{ nat: noNat, whereaboutsRecord: noRecord, onSpeed: () => {} },
    bindUdp: async (local) => network.bind(local),
    numbers: {
      numberOf: (name) => (name === 'relay' ? 254 : names.indexOf(name)),
      nameOf: (number) => (number === 254 ? 'relay' : (names[number] ?? null)),
    },
  })
}

async function configure({ sites }: RelayWorld, site: Site): Promise<void> {
  const others = sites.filter((one) => one !== site)
  const isHub = site.role === 'hub'
  const config = {
    tenant: '8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11',
    overlay: { port: site.local.port, ...(isHub && site.relays ? { relay: {} } : {}) },
    uplinks: [{ name: 'wan0' }],
    lans: [],
    peers: others.map(({ name, role, local, wireKey }) => ({
      ...{ name, role, segments: {} },
      wireKey: encodeWireKey(wireKey.publicKey),
      endpoints: role === 'hub' ? [`${local.address}:${local.port}`] : [],
    })),
  } as unknown as DeviceConfig
  await site.datapath.load(programOf(++site.generation, others as unknown as Box[]))
  const places = [{ name: 'wan0', addresses: [`${site.local.address}/24`] }]
  await site.peering.configure(config, places, site.datapath)
}

async function during(world: World, work: Promise<void>): Promise<void> {
  await world.clock.advance(30)
  await work
}
