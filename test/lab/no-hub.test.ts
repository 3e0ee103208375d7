/**
 * Two sites behind NATs, and no hub between them: by what their controller's STUN tells each of itself, and the controller each of
 * the other, they find each other. Where they know no STUN server there is nothing to exchange. Real packets. Needs root.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EdgeAnswer } from '../../firmware/model/controller-api.ts'
import type { FleetDocument } from '../../firmware/model/fleet.ts'
import { controllerAddress } from './controller-place.ts'
import { Desk } from './desk.ts'
import { fleetOf } from './fleet-files.ts'
import { awaitReachable, hostAddress } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { outerNatOf } from './nat.ts'
import { describeNoHub } from './nat-sites.ts'
import { lookAt } from './status.ts'
import { until } from './until.ts'

/** Pings of one second each: in so long a session is there, where the exchange is. */
const silentPings = 15
/** A link whose router has another address is given up after two pings, 20 s each, and others are away for 8 s at most. */
const movedMs = 120_000

function documents(lab: Lab, hasStun: boolean): FleetDocument[] {
  const stun = [`${controllerAddress}:3478`]
  return fleetOf(lab.description).map((one) =>
    one.kind === 'network' && hasStun ? { ...one, overlay: { ...one.overlay, stun } } : one,
  )
}

async function reachOf(lab: Lab, site: string): Promise<string | undefined> {
  const { status } = await lookAt(lab, site)
  return status.peers[0]?.reach.how
}

test('two sites behind port-restricted NATs reach each other without a hub, and only by the exchange', async (t) => {
  const controller = { toldBy: 'file', hasRoot: true } as const
  const description = describeNoHub('port-restricted', 'port-restricted', { controller })
  await using lab = await openLab(description)
  const desk = await Desk.open(lab)
  await desk.apply(documents(lab, false))
  await lab.start()
  for (const site of ['left', 'right']) await desk.claim(site)
  await desk.settled()
  const ping = ['ping', '-n', '-c', String(silentPings), '-i', '1', '-W', '1']
  const alone = await lab.attempt('left-host', [...ping, hostAddress(lab, 'right')], {
    timeoutMs: 30_000,
  })
  assert.notEqual(alone.code, 0)
  assert.deepEqual([await reachOf(lab, 'left'), await reachOf(lab, 'right')], ['none', 'none'])

  await desk.apply(documents(lab, true))
  await awaitReachable(lab, 'left', 'right')
  await awaitReachable(lab, 'right', 'left')
  for (const site of ['left', 'right'])
    await until(`${site} is at it directly`, async () => (await reachOf(lab, site)) === 'direct')

  // The other router lets in nobody from there: only the exchange can tell.
  const router = await outerNatOf(lab, 'left')
  await router.moveOn()
  const beganMs = performance.now()
  await awaitReachable(lab, 'left', 'right', 4, movedMs)
  t.diagnostic(`another public address: ${((performance.now() - beganMs) / 1_000).toFixed(0)} s`)
  await until('the controller hears both', async () => {
    const { edges } = JSON.parse(await desk.ctl('edges', '--json')) as EdgeAnswer
    return edges.length === 2 && edges.every(({ isUp }) => isUp)
  })
})
