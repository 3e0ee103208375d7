/**
 * A hub that reboots while its branches have nothing to say: behind their NATs they know nothing of it until they ask again, and
 * nobody can call them but from where they were heard. Real packets. Needs root.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readIfThere } from '../../firmware/host/system/file.ts'
import { placesOf } from '../../firmware/host/system/places.ts'
import { openScene, type Scene, startPings } from '../accept/any-nat/scene.ts'
import { plantDrop } from './faults.ts'
import type { Lab } from './lab.ts'
import { describeNatSites } from './nat-sites.ts'
import { waitFor } from './until.ts'

const settledMs = 60_000
/** A call that is lost is made again after 0.5, 1.5 and 3.5 s. */
const backMs = 6_000
/** Handshakes that branches begin: lost, so that none but the hub's own calls bring a session. */
const branchCalls = 'oifname hub meta l4proto udp @th,64,8 0xd4'

/** Both processes die, and what a reboot takes goes with them. */
async function reboot(lab: Lab): Promise<void> {
  const { gateway, datapath } = lab.processes.get('hub')!
  await Promise.all([gateway.stop('SIGKILL'), datapath.stop('SIGKILL')])
  const places = placesOf(lab.names.instance('hub'))
  await rm(join(places.runFolder, 'program.json'), { force: true })
  await lab.restart('hub', 'datapath')
  await lab.restart('hub', 'gateway')
}

async function untilAnswered(lab: Lab, to: string, withinMs: number): Promise<number | null> {
  const pings = startPings(lab, 'hub', to)
  const at = await waitFor(async () => pings.answeredMs[0] ?? null, pings.beganMs + withinMs)
  await pings.program.stop()
  return at === null ? null : at - pings.beganMs
}

describe('a hub that reboots', () => {
  let scene: Scene
  before(async () => {
    scene = await openScene(describeNatSites('port-restricted', 'symmetric'))
    await scene.pings.program.stop()
  })
  after(() => scene[Symbol.asyncDispose]())

  test('has written down where its branches are', async () => {
    const { whereaboutsRecord } = placesOf(scene.lab.names.instance('hub'))
    const text = await waitFor(async () => {
      const now = await readIfThere(whereaboutsRecord)
      return ['left', 'right'].every((site) => now?.includes(`"${site}"`)) ? now : null
    }, performance.now() + settledMs)
    assert.ok(text !== null, 'not written')
  })

  test('calls branches that are idle and do not call it, whatever their NATs, as soon as it is back', async () => {
    const { lab } = scene
    await plantDrop(lab, 'internet', 'forward', branchCalls)
    await reboot(lab)
    for (const site of ['left', 'right']) {
      const tookMs = await untilAnswered(lab, site, 120_000)
      console.log(
        `    ${site}: a packet passed ${Math.round(tookMs ?? -1)} ms after the hub was back`,
      )
      assert.ok(tookMs !== null && tookMs <= backMs, `${site}: ${tookMs} ms`)
    }
  })
})
