/**
 * Uplinks that are moved and taken out while a flow goes: paths are of the uplink of that name, whatever its
 * number, and what is taken out is gone at once; the session goes on through rekeys, also without the uplink that it began
 * by. Needs root.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CausewayError } from '../../firmware/model/errors.ts'
import { describeManyLinks } from './description.ts'
import { awaitReachable, hostAddress, startServers } from './hosts.ts'
import { type Lab, openLab } from './lab.ts'
import { startPace } from './pace.ts'
import { openDatapath, openPaths } from './paths.ts'
import { reconfigure } from './reconfigure.ts'

const rekeySeconds = 5
/** Longer than keys live: with no rekey the session would end. */
const rekeysAfter = 3

test('uplinks that are moved keep their paths; what is taken out goes', async () => {
  await using lab = await openLab(describeManyLinks({ uplinks: 2, rekeySeconds }))
  await lab.start()
  await startServers(lab)
  await awaitReachable(lab, 'berlin', 'lisbon')
  await using paths = await openPaths(lab, 'berlin')
  const target = hostAddress(lab, 'lisbon')
  await using flow = await startPace(lab, 'berlin-host', 'lisbon-host', target, { ratePps: 500 })
  await flow.heard()
  await paths.allUp()
  /** By number: which uplink, and how often it went down. */
  const read = async () =>
    new Map(
      (await paths.read()).map((path) => [path.number, [path.uplink, path.downs, path.state]]),
    )
  const before = await read()
  await reconfigure(lab, 'berlin', (config) => {
    config.uplinks.reverse()
  })
  const moved = [...before].map(([number, [uplink, ...rest]]) => [
    number,
    [1 - Number(uplink), ...rest],
  ])
  assert.deepEqual([...(await read())], moved)

  // wan0, the second one now, is taken out.
  await reconfigure(lab, 'berlin', (config) => {
    config.uplinks.pop()
  })
  assert.deepEqual(
    (await paths.read()).map(({ uplink, downs, state }) => [uplink, downs, state]),
    [
      [0, 0, 'up'],
      [0, 0, 'up'],
    ],
  )
  await awaitRekeys(lab)
  const { flows, missed } = await flow.finish()
  assert.equal(missed, 0)
  assert.ok(flows[0]!.gaps[0]!.ms < 1_000, `${flows[0]!.gaps[0]!.ms} ms`)
})

/** @throws LAB_TIMEOUT */
async function awaitRekeys(lab: Lab): Promise<void> {
  await using datapath = await openDatapath(lab, 'berlin')
  const rekeyed = Promise.withResolvers<void>()
  let count = 0
  datapath.onEvent(({ kind }) => {
    if (kind === 'confirmed' && ++count === rekeysAfter) rekeyed.resolve()
  })
  const late = AbortSignal.timeout((rekeysAfter + 2) * rekeySeconds * 1_000)
  late.onabort = () => rekeyed.reject(new CausewayError('LAB_TIMEOUT', `${count} rekeys`))
  await rekeyed.promise
  const origins = (await datapath.keypairs()).map(({ origin }) => origin)
  assert.deepEqual(new Set(origins), new Set(['rekey']))
}
