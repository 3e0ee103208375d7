/**
 * Two branches whose NATs both give each destination another port, which only the hub can join: that the first packet passes
 * soon, what a box says of it, and what becomes of it when processes die. Real packets. Needs root.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { PeerReach } from '../../firmware/model/local-api-reach.ts'
import type { RelayedPair } from '../../firmware/model/local-api-relaying.ts'
import { firstAnswer, openScene, type Scene, startPings } from '../accept/any-nat/scene.ts'
import { hostAddress } from './hosts.ts'
import type { Lab } from './lab.ts'
import { describeNatSites } from './nat-sites.ts'
import { lookAt } from './status.ts'
import { waitFor } from './until.ts'
import { askWhy } from './why.ts'

const firstMs = 3_000
const backMs = 15_000

async function reachOf(lab: Lab, site: string, peer: string): Promise<PeerReach> {
  const { status } = await lookAt(lab, site)
  return status.peers.find(({ name }) => name === peer)!.reach
}

/** Pings anew, until one is answered. */
async function untilAnswered(lab: Lab): Promise<number> {
  const pings = startPings(lab)
  const at = await waitFor(async () => pings.answeredMs[0] ?? null, pings.beganMs + backMs)
  await pings.program.stop()
  assert.ok(at !== null, 'no packet passed')
  return at - pings.beganMs
}

/** The first one that the hub tells of, once it is as it should be and something came from both. */
async function relayedPair(lab: Lab, isAsWanted: (pair: RelayedPair) => boolean) {
  const found = await waitFor(async () => {
    const { status } = await lookAt(lab, 'hub')
    const pair = status.relaying?.pairs[0]
    const isUsed = pair?.traffic.every(({ packets }) => packets > 0) === true
    return pair !== undefined && isUsed && isAsWanted(pair) ? pair : null
  }, performance.now() + backMs)
  assert.ok(found !== null, 'the hub tells of no such pair')
  return found
}

describe('two branches that only a hub can join', () => {
  let scene: Scene
  before(async () => {
    scene = await openScene(describeNatSites('symmetric', 'symmetric'))
  })
  after(() => scene[Symbol.asyncDispose]())

  test('a first packet passes within three seconds of the start', async () => {
    const tookMs = await firstAnswer(scene, backMs)
    assert.ok(tookMs !== null && tookMs <= firstMs, `${tookMs} ms`)
  })

  test('each says by whom the other is reached, why, and when that is looked at again', async () => {
    const { lab } = scene
    for (const [site, peer] of [
      ['left', 'right'],
      ['right', 'left'],
    ] as const) {
      const reach = await waitFor(async () => {
        const now = await reachOf(lab, site, peer)
        return now.reason === 'both-dependent' ? now : null
      }, performance.now() + backMs)
      assert.ok(reach !== null, `${site} does not know why`)
      assert.deepEqual([reach.how, reach.relay], ['relayed', 'hub'])
      assert.ok(reach.nextTrySeconds !== null && reach.nextTrySeconds < 50)
      assert.deepEqual(reach.channels, [{ relay: 'hub', state: 'open' }])
    }
    const [from, to] = [hostAddress(lab, 'left'), hostAddress(lab, 'right')]
    const { sentence, also } = await askWhy(lab, 'left', { from, to })
    assert.match(sentence, /^It goes to right by relay hub,/)
    assert.equal(also.find(({ cause }) => cause === 'relayed')?.cause, 'relayed')
  })

  test('the hub says for whom it relays and how much, and that it cannot look into it', async () => {
    const { lab } = scene
    const pair = await relayedPair(lab, () => true)
    assert.deepEqual(pair.peers.toSorted(), ['left', 'right'])
    const [from, to] = [hostAddress(lab, 'left'), hostAddress(lab, 'right')]
    const { cause, sentence } = await askWhy(lab, 'hub', { from, to })
    assert.equal(cause, 'relayed-sealed', sentence)
  })

  test('a gateway that dies, at whichever end or between, costs no packet', async () => {
    const { lab, pings } = scene
    const beganMs = performance.now()
    for (const site of ['hub', 'left', 'right']) {
      const { gateway } = lab.processes.get(site)!
      const heard = pings.answeredMs.length
      await gateway.stop('SIGKILL')
      await lab.restart(site, 'gateway')
      const longest = await waitFor(async () => {
        const since = pings.answeredMs.slice(heard)
        return since.length > 30 ? longestGap(since) : null
      }, performance.now() + backMs)
      assert.ok(longest !== null && longest < 500, `${site}: ${longest} ms without an answer`)
    }
    // It is the same channel: the hub's gateway has taken it over.
    const isOld = ({ seconds }: RelayedPair): boolean =>
      seconds * 1_000 > performance.now() - beganMs
    await relayedPair(lab, isOld)
  })

  test('a datapath that dies, at whichever end or between, is back within seconds', async () => {
    const { lab } = scene
    for (const site of ['hub', 'left']) {
      const { datapath } = lab.processes.get(site)!
      await datapath.stop('SIGKILL')
      await lab.restart(site, 'datapath')
      const tookMs = await untilAnswered(lab)
      console.log(
        `    ${site}: a packet passed ${Math.round(tookMs)} ms after its datapath was back`,
      )
    }
  })
})

function longestGap(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((at, index) => at - times[index]!))
}
