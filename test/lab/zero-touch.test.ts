/** Blank boxes in namespaces get an owner and forward: with a code that a person compares, told of the controller by a file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeSites } from './description.ts'
import { Desk } from './desk.ts'
import { awaitReachable } from './hosts.ts'
import { openLab } from './lab.ts'

test('blank boxes are claimed by their codes, and their hosts reach each other', async () => {
  const controller = { toldBy: 'file', hasRoot: false } as const
  await using lab = await openLab(describeSites(2, { controller }))
  const desk = await Desk.open(lab)
  await desk.apply()
  await lab.start()
  const sites = lab.sites.map(({ name }) => name)
  assert.equal((await desk.waiting('berlin')).state, 'waiting')
  for (const site of sites) await desk.claim(site)
  await desk.settled()
  await awaitReachable(lab, 'berlin', 'lisbon')
  const edges = JSON.parse(await desk.ctl('edges', '--json')) as {
    edges: { site: string; isUp: boolean }[]
  }
  assert.deepEqual(edges.edges.map(({ site, isUp }) => [site, isUp]).sort(), [
    ['berlin', true],
    ['lisbon', true],
  ])
})
