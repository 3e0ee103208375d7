/** A controller brings firmware to boxes: real links and downloads over TLS, whole gateways, and slots in memory. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { folder, type Person, write } from '../cli/ctl-world.ts'
import { owned } from './claimed-box.ts'
import { firmwareFile } from './firmware-sample.ts'
import {
  appliance,
  does,
  lookedAfter,
  phaseOf,
  problemsOf,
  show,
  stateIs,
  until,
} from './rollout-world.ts'

const limited = { timeout: 180_000 }

async function auditOf(person: Person): Promise<string[]> {
  const { entries } = JSON.parse((await person.ctl('audit', '--all', '--json')).out) as {
    entries: { what: string; target: string; code: string | null }[]
  }
  return entries
    .filter(({ what }) => what.startsWith('rollout.') || what === 'edge.update')
    .map(({ what, target, code }) => `${what} ${target} ${code ?? 'done'}`)
}

test(
  'canaries first; the next box goes back, it halts, and goes on when somebody says so',
  limited,
  async (context) => {
    const { world, owner } = await owned('rollout')
    await using _ = world
    using __ = lookedAfter(world)
    const file = write('rollout/causeway.raucb', '')
    await writeFile(file, firmwareFile({ version: '0.2.0' }))
    const ada = await world.person('ada', 'acme', 'admin')
    assert.match((await ada.ctl('firmware', 'add', file)).err, /API_FORBIDDEN needs the role admin/)
    const added = await owner.ctl('firmware', 'add', file)
    assert.match(added.out, /^0\.2\.0 for x86_64, sha256 [0-9a-f]{64}\n$/)
    const lisbon = await appliance(context, { world, owner }, 'lisbon')
    const berlin = await appliance(context, { world, owner }, 'berlin')
    // No lease, and no such peer: as it is before, it is after.
    await until(async () => ((await problemsOf(ada, 'lisbon')) === 2 ? true : null))
    const order = ['firmware', 'rollout', '0.2.0', '--canary', 'lisbon', '--soak', '0m']
    await does(ada, ...order)
    assert.match((await ada.ctl(...order)).err, /STORE_CONFLICT the rollout of 0\.2\.0 is running/)
    assert.match(
      (await owner.ctl('firmware', 'remove', '0.2.0')).err,
      /STORE_CONFLICT a rollout of 0\.2\.0 is under way/,
    )
    await until(() => (lisbon.isDown() ? true : null))
    await phaseOf(ada, 'lisbon', 'restarting')
    await lisbon.startAnew()
    const proving = await phaseOf(ada, 'lisbon', 'proving')
    assert.equal(proving.boxes.find(({ site }) => site === 'berlin')?.phase, 'waits')
    await lisbon.slots.markGood()
    await phaseOf(ada, 'lisbon', 'done')
    assert.match((await ada.ctl('edges')).out, /lisbon .* 0\.2\.0 /)

    // The new one does not prove itself there.
    await until(() => (berlin.isDown() ? true : null))
    await berlin.startAnew()
    await phaseOf(ada, 'berlin', 'proving')
    await berlin.slots.rollBack()
    await berlin.startAnew()
    const halted = await stateIs(ada, 'halted')
    const { code, site } = halted.rollout!.why!
    assert.deepEqual([code, site], ['UPDATE_WENT_BACK', 'berlin'])
    const text = (await ada.ctl('firmware', 'show')).out
    assert.match(
      text,
      /^0\.2\.0: halted, 1 of 2 done; .*\nhalted by berlin: UPDATE_WENT_BACK the box runs 0\.1\.0 again\n/,
    )
    assert.match(text, /^lisbon +[0-9a-f]{8} +up +0\.2\.0 +done .*canary$/m)
    assert.match(text, /^berlin +[0-9a-f]{8} +up +0\.1\.0 +went back .*UPDATE_WENT_BACK/m)

    // Nobody is told anew what it went back from; another rollout is another order.
    await does(ada, 'firmware', 'resume')
    await stateIs(ada, 'done')
    assert.equal(berlin.isDown(), false)
    const again = ['firmware', 'rollout', '0.2.0', '--sites', 'berlin', '--soak', '0m']
    await does(ada, ...again)
    await until(() => (berlin.isDown() ? true : null))
    await berlin.startAnew()
    await phaseOf(ada, 'berlin', 'proving')
    await berlin.slots.markGood()
    await stateIs(ada, 'done')
    assert.deepEqual(await auditOf(ada), [
      'rollout.start rollout/0.2.0 done',
      'edge.update site/lisbon done',
      'rollout.halt rollout/0.2.0 UPDATE_WENT_BACK',
      'edge.update site/berlin UPDATE_WENT_BACK',
      'rollout.resume rollout/0.2.0 done',
      'rollout.done rollout/0.2.0 done',
      'rollout.start rollout/0.2.0 done',
      'edge.update site/berlin done',
      'rollout.done rollout/0.2.0 done',
    ])
    await does(owner, 'firmware', 'remove', '0.2.0')
  },
)

test(
  'a machine without slots is passed over, with the reason; a file that a box refuses halts it',
  limited,
  async (context) => {
    const { world, owner } = await owned('refused')
    await using _ = world
    using __ = lookedAfter(world)
    const file = write('refused/causeway.raucb', '')
    // The fake slots take what begins otherwise for no update.
    const bytes = firmwareFile({ version: '0.2.0' })
    bytes.write('tampered with')
    await writeFile(file, bytes)
    await owner.ctl('firmware', 'add', file)
    const lisbon = await appliance(context, { world, owner }, 'lisbon')
    const berlin = await appliance(context, { world, owner }, 'berlin')
    Object.assign(berlin.slots, { isSupported: false, list: async () => [] })
    await berlin.box.stop()
    berlin.box.newDatapath()
    await berlin.box.start()
    await does(owner, 'firmware', 'rollout', '0.2.0')
    const halted = await until(async () => {
      const answer = await show(owner)
      const isOver = answer.boxes.every(
        ({ phase }) => phase === 'refused' || phase === 'passed-over',
      )
      return answer.rollout?.state === 'halted' && isOver ? answer : null
    }).catch(async (error) => {
      throw new Error((await owner.ctl('firmware', 'show')).out, { cause: error })
    })
    const whys = halted.boxes.map(({ site, why }) => `${site} ${why?.code}`).toSorted()
    assert.deepEqual(whys, ['berlin UPDATE_UNSUPPORTED', 'lisbon UPDATE_REFUSED'])
    assert.equal(lisbon.isDown(), false)
  },
)

test(
  'what is called off before a new start does not happen, and what was installed is not fetched again',
  limited,
  async (context) => {
    const { world, owner } = await owned('called-off')
    await using _ = world
    using __ = lookedAfter(world)
    const file = write('called-off/causeway.raucb', '')
    await writeFile(file, firmwareFile({ version: '0.2.0' }))
    await owner.ctl('firmware', 'add', file)
    const lisbon = await appliance(context, { world, owner }, 'lisbon')
    let installs = 0
    const { install } = lisbon.slots
    Object.assign(lisbon.slots, {
      install: (...asked: Parameters<typeof install>) => {
        installs++
        return install(...asked)
      },
    })
    // Hours that are not now.
    const hour = (more: number): string =>
      `${String((new Date().getUTCHours() + more) % 24).padStart(2, '0')}:00`
    const later = ['firmware', 'rollout', '0.2.0', '--at', `${hour(3)}-${hour(4)}`, '--soak', '0m']
    await does(owner, ...later)
    await phaseOf(owner, 'lisbon', 'installed')
    await does(owner, 'firmware', 'pause')
    await phaseOf(owner, 'lisbon', 'waits')
    assert.match((await owner.ctl('firmware', 'pause')).err, /STORE_CONFLICT .* is paused/)
    await does(owner, 'firmware', 'abort')
    assert.equal(lisbon.isDown(), false)
    await does(owner, 'firmware', 'rollout', '0.2.0', '--soak', '0m')
    await until(() => (lisbon.isDown() ? true : null))
    assert.equal(installs, 1)
  },
)

test('who types a rollout wrongly is told what is missing', limited, async () => {
  const { world, owner } = await owned('typed')
  await using _ = world
  const said = async (...argv: string[]) => (await owner.ctl('firmware', ...argv)).err
  assert.match(await said('rollout', '0.2.0'), /API_NOT_FOUND there is no firmware 0\.2\.0/)
  assert.match(await said('add', join(folder, 'nowhere')), /CONFIG_UNREADABLE/)
  const other = write('typed/other.raucb', 'a picture, or so')
  assert.match(await said('add', other), /UPDATE_REFUSED this is no firmware file/)
  const file = write('typed/causeway.raucb', '')
  await writeFile(file, firmwareFile({ version: '0.2.0' }))
  assert.equal(await said('add', file), '')
  assert.equal(await said('add', file), '')
  await writeFile(file, firmwareFile({ version: '0.2.0' }))
  assert.match(
    await said('add', file),
    /STORE_CONFLICT there is another file of 0\.2\.0 for x86_64/,
  )
  await writeFile(file, firmwareFile({ version: '0.2.0', architecture: 'arm64' }))
  assert.equal(await said('add', file), '')
  assert.match((await owner.ctl('firmware', 'list')).out, /0\.2\.0 +arm64 .*\n0\.2\.0 +x86_64 /)
  assert.match(await said('rollout', '0.2.0'), /API_INVALID there are no boxes yet/)
  await owner.ctl('claim', 'ab'.repeat(32), 'lisbon', '--listed')
  assert.match(await said('rollout', '0.2.0', '--sites', 'paris'), /FLEET_REFERENCE .* paris/)
  const canary = ['--sites', 'lisbon', '--canary', 'berlin']
  assert.match(await said('rollout', '0.2.0', ...canary), /FLEET_REFERENCE .* berlin/)
  assert.match(await said('rollout', '0.2.0', '--at', 'tonight'), /--at takes hours/)
  assert.match(await said('rollout', '0.2.0', '--soak', '5'), /--soak takes minutes or hours/)
  assert.match(await said('pause'), /API_NOT_FOUND there was no rollout yet/)
})
