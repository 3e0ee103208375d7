/**
 * Two branches that no IPv4 can join, since both NATs give each destination another port, but that have IPv6 too: there are no
 * NATs, only routers that drop what nobody inside has asked for, so both have to ask at once. Real packets. Needs root.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { formatEndpoint } from '../../firmware/model/address.ts'
import { firstAnswer, openScene, type Scene } from '../accept/any-nat/scene.ts'
import { bare } from './description.ts'
import { plantDrop } from './faults.ts'
import type { Lab } from './lab.ts'
import { describeNatSites } from './nat-sites.ts'
import { lookAt } from './status.ts'
import { waitFor } from './until.ts'

const firstMs = 10_000
const directMs = 10_000
const sides = ['left', 'right'] as const
const prefixes = { left: '2001:db8:2::/64', right: '2001:db8:3::/64' } as const

/** Data of the overlay's that crosses the internet over IPv6, by who sends it. */
async function watchData(lab: Lab): Promise<void> {
  const lines = sides.flatMap((side) => [
    `counter ${side} { }`,
    `chain of-${side} {`,
    'type filter hook forward priority -150',
    `iifname ${side} ip6 daddr ${prefixes[side === 'left' ? 'right' : 'left']} @th,64,8 0xd1 counter name ${side}`,
    '}',
  ])
  await lab.exec('internet', ['nft', '-f', '-'], {
    input: `table ip6 data {\n${lines.join('\n')}\n}\n`,
  })
}

async function counted(lab: Lab, where: string, table: string, name: string): Promise<number> {
  const text = await lab.exec(where, ['nft', 'list', 'counter', 'ip6', table, name])
  return Number(/packets (\d+)/.exec(text)?.[1])
}

const description = describeNatSites('symmetric', 'symmetric', { isV6: true, endpoints: [4, 6] })

describe('two branches with IPv6 behind symmetric NATs', () => {
  let scene: Scene
  before(async () => {
    scene = await openScene(description, { onBuilt: watchData })
  })
  after(() => scene?.[Symbol.asyncDispose]())

  test('reach each other directly, by IPv6', async () => {
    assert.ok((await firstAnswer(scene, firstMs)) !== null, 'no packet passed')
    const { lab } = scene
    // Gateways are ready by now; the pings began before their processes.
    const beganMs = performance.now()
    const atMs = await waitFor(async () => {
      const crossed = await Promise.all(sides.map((side) => counted(lab, 'internet', 'data', side)))
      return crossed.every((packets) => packets > 3) ? performance.now() : null
    }, beganMs + directMs)
    const reaches = await Promise.all(
      sides.map(async (side) => {
        const { status } = await lookAt(lab, side)
        return status.peers.find(({ role }) => role === 'site')!.reach
      }),
    )
    assert.ok(atMs !== null, JSON.stringify(reaches))
    console.log(`    direct ${Math.round(atMs - beganMs)} ms after a first packet`)
    assert.deepEqual(
      reaches.map(({ how }) => how),
      ['direct', 'direct'],
    )
  })

  test('through routers that let in nothing else', async () => {
    const { lab } = scene
    for (const name of sides) {
      const { v6 } = lab.sites.find((site) => site.name === name)!.wan
      const before = await counted(lab, `${name}-nat`, 'wall', 'unasked')
      const to = { address: bare(v6!.address), port: 51_820 }
      const script = `const socket = require('node:dgram').createSocket('udp6')
        socket.send('x', ${to.port}, '${to.address}', () => socket.close())`
      await lab.exec('internet', [process.execPath, '-e', script])
      const after = await counted(lab, `${name}-nat`, 'wall', 'unasked')
      assert.ok(after > before, `${formatEndpoint(to)} can be called`)
    }
  })
})

describe('two branches that have no IPv4 but for addresses, and may not meet', () => {
  let scene: Scene
  before(async () => {
    scene = await openScene(description, { onBuilt: leaveHub6 })
  })
  after(() => scene?.[Symbol.asyncDispose]())

  /** What nobody answers for over IPv4, and each branch for the hub alone over IPv6. */
  async function leaveHub6(lab: Lab): Promise<void> {
    await plantDrop(lab, 'internet', 'forward', 'meta nfproto ipv4')
    const { left, right } = prefixes
    await plantDrop(lab, 'internet', 'forward', `ip6 saddr ${left} ip6 daddr ${right}`)
    await plantDrop(lab, 'internet', 'forward', `ip6 saddr ${right} ip6 daddr ${left}`)
  }

  test('are joined by the hub over IPv6, which tells each how it is seen', async () => {
    const tookMs = await firstAnswer(scene, firstMs)
    assert.ok(tookMs !== null, 'no packet passed')
    console.log(`    relayed ${Math.round(tookMs)} ms after the first ping`)
    for (const side of sides) {
      const { status } = await lookAt(scene.lab, side)
      const { reach } = status.peers.find(({ role }) => role === 'site')!
      assert.deepEqual([reach.how, reach.relay], ['relayed', 'hub'])
      // A first packet may be faster than the questions about the NAT.
      const nat = await waitFor(async () => {
        const { status: now } = await lookAt(scene.lab, side)
        const of6 = now.uplinks[0]!.nat.find(({ family }) => family === 6)
        return of6 === undefined || of6.mapping === 'unknown' ? null : of6
      }, performance.now() + firstMs)
      assert.deepEqual([nat?.mapping, nat?.mapped], ['none', nat?.local ?? 'not told'])
    }
  })
})
