/** A controller brings firmware to boxes: real links and downloads over TLS, whole gateways, and slots in memory. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { stringify } from 'yaml'
import { type FakeSlots, fakeSlots } from '../../../firmware/host/slots/fake.ts'
import { askApi } from '../../../firmware/host/system/api-client.ts'
import type { RolloutAnswer } from '../../../firmware/model/rollout.ts'
import { x25519Pair } from '../../../firmware/wire/x25519.ts'
import { folder, type Person, type World, write } from '../cli/ctl-world.ts'
import { type Box, openBox, until as untilThere } from '../gateway/box.ts'
import { fakeHost } from '../gateway/sample-system.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { owned } from './claimed-box.ts'
import { firmwareFile } from './firmware-sample.ts'

const limited = { timeout: 180_000 }
const soonMs = 200

interface Appliance {
  readonly box: Box
  readonly deviceId: string
  readonly slots: FakeSlots
  /** It was told to start anew. */
  readonly isDown: () => boolean
  /** As its supervisor does after the machine's start. */
  readonly startAnew: () => Promise<void>
}

/** A box of the owner, at a site. */
async function appliance(
  context: TestContext,
  { world, owner }: { readonly world: World; readonly owner: Person },
  site: string,
): Promise<Appliance> {
  const box = await openBox(context, undefined, soonMs)
  const slots = fakeSlots('0.1.0')
  const host = fakeHost(undefined, true)
  Object.assign(box.host, { power: host.power, slots })
  box.wireKey = x25519Pair(randomBytes(32))
  const { factoryConfig, controllerSettings } = box.places
  await mkdir(dirname(factoryConfig), { recursive: true })
  const { uplinks } = sampleConfig()
  const blank = { version: 1, revision: 0, site: 'blank', overlay: { port: 51820 }, uplinks }
  const tenant = '00000000-0000-4000-8000-000000000000'
  await writeFile(
    factoryConfig,
    JSON.stringify({ ...blank, tenant, segments: [], lans: [], peers: [] }),
  )
  const controllers = [`127.0.0.1:${world.port}`]
  const roots = [await readFile(join(owner.root, 'root.key.pub'), 'utf8')]
  await writeFile(controllerSettings, stringify({ controllers, roots }))
  await box.start()
  await box.line('waits to be claimed')
  const asked = await askApi(box.places.apiSocket, '/api/v1/enrolment')
  const { deviceId } = JSON.parse(asked) as { deviceId: string }
  const claimed = await owner.ctl('claim', deviceId, site, '--listed')
  assert.equal(claimed.code, 0, claimed.err)
  await box.line('has an owner')
  return {
    ...{ box, deviceId, slots },
    isDown: () => host.restarts.length > 0,
    startAnew: async () => {
      host.restarts.length = 0
      await box.stop()
      slots.restart()
      box.newDatapath()
      await box.start()
    },
  }
}

/** A test that waits in vain says for what, and ends. */
async function until<Value>(ask: () => Value | null | Promise<Value | null>): Promise<Value> {
  const deadlineMs = performance.now() + 60_000
  return untilThere(() => {
    assert.ok(performance.now() < deadlineMs, `in vain: ${String(ask)}`)
    return ask()
  })
}

async function does(person: Person, ...argv: string[]): Promise<void> {
  const { code, err } = await person.ctl(...argv)
  assert.equal(code, 0, err)
}

async function show(person: Person): Promise<RolloutAnswer> {
  return JSON.parse((await person.ctl('firmware', 'show', '--json')).out) as RolloutAnswer
}

/** Until the box of a site is in that phase. */
function phaseOf(person: Person, site: string, phase: string): Promise<RolloutAnswer> {
  return until(async () => {
    const answer = await show(person)
    return answer.boxes.some((box) => box.site === site && box.phase === phase) ? answer : null
  })
}

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
    const { world, owner } = await owned('rollout', soonMs)
    await using _ = world
    const file = write('rollout/causeway.raucb', '')
    await writeFile(file, firmwareFile({ version: '0.2.0' }))
    const ada = await world.person('ada', 'acme', 'admin')
    assert.match((await ada.ctl('firmware', 'add', file)).err, /API_FORBIDDEN needs the role admin/)
    const added = await owner.ctl('firmware', 'add', file)
    assert.match(added.out, /^0\.2\.0 for x86_64, sha256 [0-9a-f]{64}\n$/)
    const lisbon = await appliance(context, { world, owner }, 'lisbon')
    const berlin = await appliance(context, { world, owner }, 'berlin')
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
    const halted = await until(async () => {
      const answer = await show(ada)
      return answer.rollout?.state === 'halted' ? answer : null
    })
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
    await until(async () => ((await show(ada)).rollout?.state === 'done' ? true : null))
    assert.equal(berlin.isDown(), false)
    const again = ['firmware', 'rollout', '0.2.0', '--sites', 'berlin', '--soak', '0m']
    await does(ada, ...again)
    await until(() => (berlin.isDown() ? true : null))
    await berlin.startAnew()
    await phaseOf(ada, 'berlin', 'proving')
    await berlin.slots.markGood()
    await until(async () => ((await show(ada)).rollout?.state === 'done' ? true : null))
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
    const { world, owner } = await owned('refused', soonMs)
    await using _ = world
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
    const { world, owner } = await owned('called-off', soonMs)
    await using _ = world
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
