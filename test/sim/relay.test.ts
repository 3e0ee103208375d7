/**
 * Sessions of two boxes that cannot call each other, through one or two hubs, under loss, restarts of everything and floods: on
 * a virtual clock, from a seed. SEED=n node --test test/sim/relay.test.ts runs that one alone.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fairWeather } from '../../firmware/host/udp/fake.ts'
import {
  addSite,
  bothHear,
  countSecond,
  endSites,
  type RelayWorld,
  restartSite,
  restartSiteDatapath,
  setRelays,
  untilBothHear,
} from './relay-world.ts'
import { createWorld } from './session-world.ts'

const onlySeed = process.env.SEED === undefined ? null : Number(process.env.SEED)

function simulate(name: string, seeds: number, run: (world: RelayWorld) => Promise<void>): void {
  test(name, async () => {
    const all = Array.from({ length: seeds }, (_, index) => index + 1)
    for (const seed of onlySeed === null ? all : [onlySeed]) {
      const world: RelayWorld = { ...createWorld(seed), sites: [] }
      try {
        await run(world)
        await endSites(world)
      } catch (cause) {
        throw new Error(`fails with SEED=${seed}: ${(cause as Error).message}`, { cause })
      }
    }
  })
}

async function threeSites(world: RelayWorld) {
  const hub = await addSite(world, { name: 'hub', address: '203.0.113.1', role: 'hub' })
  const a = await addSite(world, { name: 'a', address: '192.0.2.1' })
  const b = await addSite(world, { name: 'b', address: '198.51.100.1' })
  return { hub, a, b }
}

simulate('two sites that nobody can call talk through their hub at once', 20, async (world) => {
  const { a, b } = await threeSites(world)
  const tookMs = await untilBothHear(world, a, b, 3_000)
  assert.ok(tookMs <= 2_000, `${tookMs} ms`)
})

simulate('a hub that begins to relay is asked at once, whatever is lost', 5, async (world) => {
  const { hub, a, b } = await threeSites(world)
  for (const isRestarted of [false, true]) {
    await setRelays(world, hub, false)
    await world.clock.advance(600_000)
    assert.equal(await bothHear(world, a, b), false)
    world.network.setWeather({ ...fairWeather, lossRatio: 0.2 })
    if (isRestarted) {
      hub.relays = true
      await restartSite(world, hub)
    } else await setRelays(world, hub, true)
    const tookMs = await untilBothHear(world, a, b, 10_000)
    assert.ok(tookMs <= 6_000, `${tookMs} ms`)
    world.network.setWeather(fairWeather)
  }
})

simulate('through it they tell each other where they are, and both try that', 3, async (world) => {
  const { a, b } = await threeSites(world)
  await untilBothHear(world, a, b, 3_000)
  await world.clock.advance(1_000)
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const ways = one.datapath.tries.filter(({ peer }) => peer === other.name).at(-1)?.ways
    assert.deepEqual(
      ways?.map(({ uplink, remoteAddress }) => (uplink === 254 ? 'relay' : remoteAddress)),
      ['relay', other.local.address],
    )
  }
})

simulate('a third of all datagrams lost delays it, and no more', 20, async (world) => {
  world.network.setWeather({ ...fairWeather, lossRatio: 0.3, delayMs: 40, jitterMs: 30 })
  const { a, b } = await threeSites(world)
  await untilBothHear(world, a, b, 60_000)
})

simulate('whoever restarts, gateway or datapath, they talk again', 5, async (world) => {
  const { hub, a, b } = await threeSites(world)
  await untilBothHear(world, a, b, 3_000)
  for (const site of [a, hub, b]) {
    await restartSite(world, site)
    await untilBothHear(world, a, b, 1_000)
    await restartSiteDatapath(world, site)
    await untilBothHear(world, a, b, 20_000)
  }
})

simulate(
  'while data flows a direct way is looked for every 40 s, else hardly ever',
  2,
  async (world) => {
    const { a, b } = await threeSites(world)
    await untilBothHear(world, a, b, 3_000)
    const searches = async (isData: boolean): Promise<number> => {
      const before = a.datapath.tries.length
      for (let second = 0; second < 600; second++) {
        for (const [site, peer] of [
          [a, 'b'],
          [b, 'a'],
        ] as const) {
          await countSecond(world, site, { peer, packets: isData ? second : 0 })
        }
      }
      return a.datapath.tries.length - before
    }
    const busy = await searches(true)
    assert.ok(busy >= 20 && busy <= 80, `${busy} searches with data`)
    const idle = await searches(false)
    assert.ok(idle <= 6, `${idle} searches without`)
  },
)

simulate('they go on talking through rekeys, an hour long', 2, async (world) => {
  const { a, b } = await threeSites(world)
  await untilBothHear(world, a, b, 3_000)
  for (let minute = 0; minute < 60; minute++) {
    await world.clock.advance(59_000)
    assert.ok(await bothHear(world, a, b), `minute ${minute}`)
  }
  assert.equal(a.peering.status().find(({ peer }) => peer === 'b')?.handshakes, 1)
})
