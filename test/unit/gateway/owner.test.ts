/** A blank box and a real controller over TLS on loopback: how it gets an owner, what comes of that, and what it refuses. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { stringify } from 'yaml'
import { type Controller, openController } from '../../../firmware/controller/controller.ts'
import { documentChange } from '../../../firmware/controller/fleet.ts'
import { openOwner } from '../../../firmware/controller/owner.ts'
import { releaseEdge } from '../../../firmware/controller/release.ts'
import { systemClock } from '../../../firmware/host/clock/system.ts'
import { type Authority, fingerprintOf } from '../../../firmware/host/pki/certificate.ts'
import { memoryTable } from '../../../firmware/host/store/memory-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import { askApi } from '../../../firmware/host/system/api-client.ts'
import type { EnrolmentAnswer } from '../../../firmware/model/enrolment.ts'
import type { FleetDocument, FleetSite } from '../../../firmware/model/fleet.ts'
import { nameOf } from '../../../firmware/plan/fleet-documents.ts'
import { signJws } from '../../../firmware/wire/jws.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { main, network, office, siteOf } from '../plan/fleet-sample.ts'
import { type Box, openBox } from './box.ts'
import { pair } from './enrol/desk.ts'

const folder = mkdtempSync(join(tmpdir(), 'causeway-owner-'))
after(() => rmSync(folder, { recursive: true }))
const limited = { timeout: 20_000 }
const silent = { info: () => {}, warn: () => {}, error: () => {} }
const tenant = 't'
const ada = { who: 'ada', tenant }

interface World {
  readonly controller: Controller
  readonly store: Store
  readonly root: ReturnType<typeof pair>
  readonly authority: Authority
  /** What the root says of the authority. */
  readonly signed: string
}

/** @param isDelegated a root of the owner vouches for its authority */
async function openWorld(context: TestContext, isDelegated: boolean): Promise<World> {
  const keys = mkdtempSync(join(folder, 'keys-'))
  const root = pair()
  const made = await openOwner(keys, ['127.0.0.1'], Date.now())
  const said = {
    version: 1,
    ownerPin: fingerprintOf(made.authority.certificate),
    issuedMs: Date.now(),
    expiresMs: Date.now() + 1e9,
  }
  const signed = await signJws('causeway-delegation', said, root.privateKey)
  const store = await openStore(memoryTable())
  await store.commit({ conditions: [], changes: [{ key: `tenant/${tenant}`, value: '{}' }] })
  const controller = await openController({
    ...{ store, clock: systemClock(), wallMs: Date.now, random: randomBytes, log: silent },
    owner: { ...made, delegations: isDelegated ? [signed] : [] },
    ...{ host: '127.0.0.1', port: 0, firmwareFolder: join(keys, 'firmware') },
  })
  context.after(() => controller[Symbol.asyncDispose]())
  return { controller, store, root, signed, authority: made.authority }
}

const { uplinks } = sampleConfig()
const lans = [{ name: 'lan0', nic: 'netdev:enp2s0', segment: 'office', dhcp: true }]

async function publish(
  { store }: World,
  deviceId: string,
  more: Partial<FleetSite> = {},
): Promise<void> {
  const site = siteOf('berlin', { edge: deviceId, uplinks, lans, ...more })
  const documents: readonly FleetDocument[] = [network, main, office, site]
  const changes = documents.map((one) => documentChange(tenant, nameOf(one), one))
  await store.commit({ conditions: [], changes })
}

/** @param roots of its owner, put there with the controller's address */
async function openBlank(
  context: TestContext,
  world: World,
  roots: readonly string[],
): Promise<Box> {
  const box = await openBox(context)
  box.newDatapath()
  const { factoryConfig, controllerSettings } = box.places
  await mkdir(dirname(factoryConfig), { recursive: true })
  await writeFile(factoryConfig, JSON.stringify(blankConfig))
  const controllers = [`127.0.0.1:${world.controller.api.port}`]
  await writeFile(controllerSettings, stringify({ controllers, roots }))
  return box
}

const blankConfig = {
  version: 1,
  revision: 0,
  site: 'blank',
  tenant: '00000000-0000-4000-8000-000000000000',
  overlay: { port: 51820 },
  uplinks: sampleConfig().uplinks,
  segments: [],
  lans: [],
  peers: [],
}

const pemOf = ({ publicKey }: ReturnType<typeof pair>): string =>
  publicKey.export({ type: 'spki', format: 'pem' }).toString()

async function ask(box: Box, path = '', post?: object): Promise<EnrolmentAnswer> {
  const url = `/api/v1/enrolment${path}`
  const text = await askApi(box.places.apiSocket, url, post === undefined ? {} : { post })
  return JSON.parse(text) as EnrolmentAnswer
}

/** It waits for its owner, who wants it at a place. @returns its id */
async function listed(box: Box, { controller }: World): Promise<string> {
  await box.start()
  await box.line('waits to be claimed')
  const { deviceId } = await ask(box)
  await controller.enrol.list(ada, deviceId, 'berlin')
  return deviceId
}

test(
  'a blank box whose root vouches for the controller needs nobody: it is listed, enrols, runs what was published',
  limited,
  async (context) => {
    const world = await openWorld(context, true)
    const box = await openBlank(context, world, [pemOf(world.root)])
    await box.start()
    await box.line('waits to be claimed')
    const blank = await ask(box)
    assert.deepEqual([blank.state, blank.offers.length], ['waiting', 1])
    await world.controller.enrol.list(ada, blank.deviceId, 'berlin')
    await publish(world, blank.deviceId)
    await box.line('has an owner')
    await box.line('signed configuration kept')
    const text = await readFile(box.places.config, 'utf8')
    assert.match(text, /^# Signed by the owner.*\nversion: 1\nrevision: 1\nsite: berlin\n/)
    const owned = await ask(box)
    assert.deepEqual([owned.state, owned.isLinked, owned.revision], ['owned', true, 1])
    assert.ok(owned.certificateSeconds! > 29 * 86_400)

    // What comes later is applied too, and a new gateway of the box goes on from there, with nobody to ask.
    await publish(world, blank.deviceId, { labels: { size: 'small' } })
    await world.controller.enrol.list(ada, 'cd'.repeat(32), 'paris')
    await publish(world, blank.deviceId, { uplinks: uplinks.slice(0, 1) })
    await box.line('signed configuration kept')
    assert.equal((await ask(box)).revision, 2)
    await box.stop()
    await world.controller[Symbol.asyncDispose]()
    box.newDatapath()
    await box.start()
    await box.line('gateway ready')
    const alone = await ask(box)
    assert.deepEqual([alone.state, alone.isLinked, alone.revision], ['owned', false, 2])
  },
)

test(
  'without a root a person compares the code at both ends; a wrong one is refused at both',
  limited,
  async (context) => {
    const world = await openWorld(context, false)
    const box = await openBlank(context, world, [])
    await box.start()
    await box.line('waits to be claimed')
    const { deviceId, serial, offers } = await ask(box)
    const { code } = offers[0]!
    const wrong = code.startsWith('0') ? `1${code.slice(1)}` : `0${code.slice(1)}`
    await assert.rejects(ask(box, '/confirm', { code: wrong }), { code: 'ZTP_CODE_WRONG' })
    await assert.rejects(world.controller.enrol.claim(ada, serial, wrong, 'berlin'), {
      code: 'ZTP_CODE_WRONG',
    })
    await publish(world, deviceId)
    await world.controller.enrol.claim(ada, serial, code, 'berlin')
    const confirmed = await ask(box, '/confirm', { code: code.toLowerCase() })
    assert.equal(confirmed.offers[0]?.isConfirmed, true)
    await box.line('has an owner')
    await box.line('signed configuration kept')
    await assert.rejects(ask(box, '/confirm', { code }), { code: 'ZTP_OWNED' })
    const written = JSON.parse(readFileSync(box.places.ownerRecord, 'utf8')) as {
      authority: string
    }
    assert.match(written.authority, /BEGIN CERTIFICATE/)
  },
)

test(
  'a box with another root does not take the controller by itself, says so, waits for its code, and looks anew with another root',
  limited,
  async (context) => {
    const world = await openWorld(context, true)
    const box = await openBlank(context, world, [pemOf(pair())])
    const deviceId = await listed(box, world)
    const { code } = await box.line('no owner yet')
    assert.equal(code, 'ZTP_AUTHORITY_UNKNOWN')
    const { state, lastError, offers } = await ask(box)
    assert.equal(lastError?.code, 'ZTP_AUTHORITY_UNKNOWN')
    assert.deepEqual([state, offers.length], ['waiting', 1])
    const bad = { controllers: ['no place:at all'] }
    await assert.rejects(ask(box, '/controller', bad), { code: 'API_INVALID' })
    const controllers = [`127.0.0.1:${world.controller.api.port}`]
    await publish(world, deviceId)
    await writeFile(box.places.controllerSettings, '')
    await ask(box, '/controller', { controllers, roots: [pemOf(world.root)] })
    await box.line('has an owner')
  },
)

test(
  'a controller that a root names after the box has begun has it within seconds',
  limited,
  async (context) => {
    const world = await openWorld(context, false)
    const box = await openBlank(context, world, [pemOf(world.root)])
    await listed(box, world)
    const begunMs = Date.now()
    await world.controller.enrol.delegations.add(world.signed, world.root.publicKey, begunMs)
    await box.line('has an owner')
    assert.ok(Date.now() - begunMs < 10_000)
  },
)

test(
  'a box whose record of its owner is broken looks for no other: it runs on, says so, and waits for a reset',
  limited,
  async (context) => {
    const world = await openWorld(context, true)
    const box = await openBlank(context, world, [pemOf(world.root)])
    await mkdir(dirname(box.places.ownerRecord), { recursive: true })
    await writeFile(box.places.ownerRecord, '{"version":1')
    await box.start()
    await box.line('gateway ready')
    const { state, lastError, offers } = await ask(box)
    assert.deepEqual([state, lastError?.code, offers], ['owned', 'STORE_CORRUPT', []])
    await assert.rejects(ask(box, '/confirm', { code: '00000000' }), { code: 'ZTP_OWNED' })
  },
)

test(
  'a controller that moves is followed: the configuration says where to, before it is gone',
  limited,
  async (context) => {
    const world = await openWorld(context, true)
    const box = await openBlank(context, world, [pemOf(world.root)])
    const deviceId = await listed(box, world)
    await publish(world, deviceId)
    await box.line('signed configuration kept')
    const controllers = ['controller.example.net:8443']
    const moved = documentChange(tenant, nameOf(network), {
      ...network,
      controllers,
    } as FleetDocument)
    await world.store.commit({ conditions: [], changes: [moved] })
    await box.line('signed configuration kept')
    const [first, second] = (await ask(box)).controllers
    assert.deepEqual([first, second], [...controllers, `127.0.0.1:${world.controller.api.port}`])
  },
)

test(
  'a box that has lost the record of what its owner signed gets it again, and nothing that runs changes',
  limited,
  async (context) => {
    const world = await openWorld(context, true)
    const box = await openBlank(context, world, [pemOf(world.root)])
    const deviceId = await listed(box, world)
    await publish(world, deviceId)
    await box.line('signed configuration kept')
    await box.stop()
    rmSync(box.places.signedRecord)
    const before = box.lines.length
    box.newDatapath()
    await box.start()
    await box.line('signed configuration kept')
    assert.equal((await ask(box)).revision, 1)
    assert.ok(!box.lines.slice(before).some(({ message }) => message === 'change begins'))
  },
)

test('a box that its owner releases becomes blank', limited, async (context) => {
  const world = await openWorld(context, true)
  const box = await openBlank(context, world, [pemOf(world.root)])
  const deviceId = await listed(box, world)
  await publish(world, deviceId)
  await box.line('signed configuration kept')
  await releaseEdge(world.store, world.authority, ada, deviceId, Date.now())
  await world.controller.links.release(deviceId)
  await box.line('released by its owner')
  await waitForFile(box.places.resetOrder)
})

async function waitForFile(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise((next) => setTimeout(next, 5))
}
