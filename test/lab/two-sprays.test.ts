/**
 * A branch whose NAT gives each destination another port, and two peers whose NATs let in only ports that they have sent to: each
 * pair needs a spray of the one branch, and they are due at once. That they take turns is test/unit/gateway/quest-spray.test.ts's.
 * Real packets. Needs root.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Crossings, watchCrossings } from '../accept/any-nat/crossings.ts'
import { plainPairs } from '../accept/any-nat/expected.ts'
import { openScene } from '../accept/any-nat/scene.ts'
import { ping } from './hosts.ts'
import type { Lab } from './lab.ts'
import { describeNatSites } from './nat-sites.ts'
import { lookAt } from './status.ts'
import { waitFor } from './until.ts'

/** Two sprays each, should chance be against the first, none beside another. */
const bothMs = 40_000
const lookMs = 100

test('two peers that need a spray of one branch at once both become direct', async () => {
  const description = describeNatSites('symmetric', 'port-restricted', { third: 'port-restricted' })
  const watched = new Map<string, () => Promise<Crossings>>()
  const onBuilt = async (lab: Lab): Promise<void> => {
    watched.set('third', await watchCrossings(lab, 'third'))
  }
  await using scene = await openScene(description, { onBuilt })
  const { lab, readyMs } = scene
  watched.set('right', scene.crossings)
  const took: number[] = []
  for (const peer of ['right', 'third']) {
    const ms = await waitFor(async () => {
      await new Promise((passed) => setTimeout(passed, lookMs))
      const { peers } = (await lookAt(lab, 'left')).status
      const isDirect = peers.find(({ name }) => name === peer)?.reach.how === 'direct'
      return isDirect ? performance.now() - readyMs : null
    }, readyMs + bothMs)
    assert.ok(ms !== null, `${peer} is not reached directly`)
    took.push(ms)
    const { left, right } = await watched.get(peer)!()
    assert.ok(Math.max(left.pairs, right.pairs) > plainPairs, `${peer} was met without a spray`)
    const before = await watched.get(peer)!()
    assert.equal((await ping(lab, 'left', peer, { count: 5, intervalMs: 50 })).length, 5)
    const after = await watched.get(peer)!()
    assert.ok(after.left.data > before.left.data && after.right.data > before.right.data)
  }
  console.log(`    after ${took.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(' and ')}`)
})
