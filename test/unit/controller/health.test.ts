/** What boxes say of how they are, and people see. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EdgeAnswer } from '../../../firmware/model/controller-api.ts'
import { enrolled, owned } from './claimed-box.ts'

test('people see how a box says that it is, in a word and in full, for as long as it has a link', async () => {
  const { world, owner, root } = await owned('health')
  await using _ = world
  const box = await enrolled(world, root, 'lisbon', (id) =>
    owner.ctl('claim', id, 'lisbon', '--listed'),
  )
  const edge = async () => {
    const { edges } = JSON.parse((await owner.ctl('edges', '--json')).out) as EdgeAnswer
    return edges.find(({ site }) => site === 'lisbon')!
  }
  const { link } = await box.call(0, ({ kind }) => kind === 'config')
  assert.deepEqual([(await edge()).isUp, (await edge()).health], [true, null])
  /** Heard by another connection than people ask by: asked again until it is there. */
  const said = async (isHealthy: boolean, problems: readonly string[]) => {
    const sums = { peersUp: 1, peers: 3, rxBytes: 5, txBytes: 6 }
    link.send(JSON.stringify({ kind: 'report', isHealthy, problems, ...sums }))
    for (let tries = 0; tries < 50; tries++) {
      const { health } = await edge()
      if (health?.isHealthy === isHealthy) return health
    }
    return null
  }
  const long = `uplink wan0 \u001b[31m${'has no carrier, '.repeat(9)}`
  const unwell = await said(false, [long, 'no peer is reached'])
  const { sinceMs, ...rest } = unwell!
  assert.deepEqual(rest, {
    ...{ isHealthy: false, problems: [long, 'no peer is reached'], peersUp: 1, peers: 3 },
  })
  assert.ok(sinceMs >= 0 && sinceMs < 10_000, `${sinceMs} ms`)
  assert.match(
    (await owner.ctl('edges')).out,
    /HEALTH\n.*uplink wan0 \?\[31mhas no carrier[^\n]{0,40}…/,
  )
  assert.ok(await said(true, []))
  assert.match((await owner.ctl('edges')).out, / well\n/)
  link.close(1_000, 'done')
})
