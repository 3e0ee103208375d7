/** Blank boxes in namespaces get an owner and forward: with a code that a person compares, told of the controller by a file. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RolloutAnswer } from '../../firmware/model/rollout.ts'
import { firmwareFile } from '../unit/controller/firmware-sample.ts'
import { describeSites } from './description.ts'
import { Desk } from './desk.ts'
import { awaitReachable } from './hosts.ts'
import { openLab } from './lab.ts'

/** Of asking for the end of a rollout, each a program of its own. */
const mostTries = 100

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
  await refuseFirmware(desk)
})

/** Machines of packages: a rollout passes them over, each with its reason, and comes to its end. */
async function refuseFirmware(desk: Desk): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'causeway-firmware-'))
  try {
    const file = join(folder, 'causeway.raucb')
    await writeFile(file, firmwareFile({ version: '0.2.0' }))
    await desk.ctl('firmware', 'add', file)
    await desk.ctl('firmware', 'rollout', '0.2.0')
    let answer: RolloutAnswer = { rollout: null, boxes: [] }
    for (let tries = 0; answer.rollout?.state !== 'done'; tries++) {
      assert.ok(tries < mostTries, JSON.stringify(answer))
      answer = JSON.parse(await desk.ctl('firmware', 'show', '--json')) as RolloutAnswer
    }
    assert.deepEqual(
      answer.boxes.map(({ phase, why }) => `${phase} ${why?.code}`),
      ['passed-over UPDATE_UNSUPPORTED', 'passed-over UPDATE_UNSUPPORTED'],
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}
