/** What a box with an owner writes down of what its controller says, and how often it asks. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Owned, type OwnedParts } from '../../../../firmware/gateway/enrol/owned.ts'
import { virtualClock } from '../../../../firmware/host/clock/virtual.ts'
import { fakeLinks } from '../../../../firmware/host/link/fake.ts'
import {
  issueCertificate,
  makeAuthority,
  makeRequest,
  readRequest,
} from '../../../../firmware/host/pki/certificate.ts'
import { deviceIdOf } from '../../../../firmware/host/pki/device-key.ts'
import type { ControllerMessage, EdgeMessage } from '../../../../firmware/model/control-link.ts'
import type { DeviceConfig } from '../../../../firmware/model/device-config.ts'
import type { OwnerRecord } from '../../../../firmware/model/enrolment.ts'
import { CausewayError } from '../../../../firmware/model/errors.ts'
import { formatHostPort } from '../../../../firmware/model/host-port.ts'
import type { SignedConfig } from '../../../../firmware/model/signed-config.ts'
import { signJws } from '../../../../firmware/wire/jws.ts'
import { sampleConfig } from '../../model/sample-config.ts'

const silent = { info: () => {}, warn: () => {}, error: () => {} }
const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const dayMs = 86_400_000
const bornMs = Date.UTC(2026, 0, 1)
const first = { host: '192.0.2.1', port: 8443 }
const second = 'controller.example.net:8443'

const configOf = (revision: number, controllers: readonly string[]): DeviceConfig =>
  ({ ...sampleConfig(), revision, controllers }) as DeviceConfig

interface Start {
  /** The last one whose record was written. */
  readonly kept?: DeviceConfig
  readonly keepOwner?: (record: OwnerRecord) => Promise<void>
  /** Since the first certificate. */
  readonly ageMs?: number
}

/** A box that has a link, over which a test speaks for the controller. */
async function start({ kept, keepOwner, ageMs = 0 }: Start = {}) {
  const clock = virtualClock()
  const authority = await makeAuthority(pair(), 'acme', 3_650, bornMs)
  const keys = pair()
  const key = { ...keys, deviceId: deviceIdOf(keys.publicKey) } as OwnedParts['key']
  const { deviceId } = key
  const wireKey = randomBytes(32).toString('base64')
  const certify = async (): Promise<string> => {
    const request = await readRequest(await makeRequest(key, wireKey))
    return issueCertificate(authority, request, 30, bornMs + ageMs)
  }
  const links = fakeLinks()
  const said: EdgeMessage[] = []
  const written: OwnerRecord[] = []
  const record: OwnerRecord = {
    ...{ version: 1, authority: authority.certificate, controllers: [first] },
    certificate: await issueCertificate(
      authority,
      await readRequest(await makeRequest(key, wireKey)),
      30,
      bornMs,
    ),
  }
  const signed: SignedConfig | null =
    kept === undefined ? null : { version: 1, deviceId, revision: kept.revision, config: kept }
  const parts: OwnedParts = {
    ...{ clock, log: silent, random: randomBytes, key, wireKey },
    wallMs: () => bornMs + ageMs + clock.nowMs(),
    find: async () => ({ controllers: [], proxy: null, roots: [] }),
    openLink: async () => links.box,
    changes: { apply: async () => {}, confirm: async () => {}, pending: null },
    source: { confirmed: null, entries: [] },
    onReleased: () => {},
    caller: { places: () => [], refresh: () => {}, unnamed: () => [], callAt: () => {} },
    report: () => null,
    orders: { onLink: async () => {}, onOrder: async () => {} },
    download: () => assert.fail(),
    keepOwner: async (one) => {
      await keepOwner?.(one)
      written.push(one)
    },
    keepSigned: async () => {},
  }
  const say = (message: ControllerMessage): void => links.controller.send(JSON.stringify(message))
  const box = new Owned(parts, record, signed)
  links.controller.onMessage((text) => said.push(JSON.parse(text) as EdgeMessage))
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    const deadlineMs = performance.now() + 5_000
    while (!isSo()) {
      assert.ok(performance.now() < deadlineMs, what)
      await new Promise((passed) => setTimeout(passed, 1))
      await clock.advance(0)
    }
  }
  await until('a hello', () => said.length === 1)
  say({ kind: 'welcome', protocol: 1, nowMs: bornMs + ageMs })
  const publish = async (config: DeviceConfig): Promise<void> => {
    const { revision } = config
    const payload = { version: 1, deviceId, revision, config }
    const jws = await signJws('causeway-config', payload, authority.privateKey)
    say({ kind: 'config', revision, jws })
  }
  return { box, clock, said, written, say, publish, until, certify }
}

test('a certificate and new controllers that come at once are both written down', async () => {
  const go = Promise.withResolvers<void>()
  let waiting = 0
  const keepOwner = async (): Promise<void> => {
    waiting++
    await go.promise
  }
  const world = await start({ keepOwner })
  using box = world.box
  const { certificate: before } = box.record
  await world.publish(configOf(1, [second]))
  await world.until('it is applied', () => world.said.some(({ kind }) => kind === 'applied'))
  world.say({ kind: 'confirmed', revision: 1 })
  world.say({ kind: 'certificate', certificate: await world.certify() })
  await world.until('the one is being written', () => waiting > 0)
  // The other has come as well by then, whether it waits for the one or not.
  await new Promise((passed) => setTimeout(passed, 50))
  go.resolve()
  await world.until('both are written', () => world.written.length === 2)
  const { controllers, certificate } = box.record
  assert.deepEqual(controllers.map(formatHostPort), [second, formatHostPort(first)])
  assert.notEqual(certificate, before)
  assert.deepEqual(world.written.at(-1), box.record)
})

test('a record that could not be written keeps none after it from being written', async () => {
  let isFull = true
  const keepOwner = async (): Promise<void> => {
    if (isFull) throw new CausewayError('STORE_WRITE_FAILED', 'the disk is full')
  }
  const world = await start({ kept: configOf(1, [second]), keepOwner })
  using box = world.box
  assert.deepEqual(box.record.controllers, [first])
  isFull = false
  const certificate = await world.certify()
  world.say({ kind: 'certificate', certificate })
  await world.until('it is written', () => world.written.length === 1)
  assert.deepEqual([box.record.controllers, box.record.certificate], [[first], certificate])
})

test('controllers that cannot be written down do not have the box refuse what it runs and has kept', async () => {
  const keepOwner = async (): Promise<void> => {
    throw new CausewayError('STORE_WRITE_FAILED', 'the disk is full')
  }
  const world = await start({ keepOwner })
  using box = world.box
  await world.publish(configOf(1, [second]))
  await world.until('it is applied', () => world.said.some(({ kind }) => kind === 'applied'))
  world.say({ kind: 'confirmed', revision: 1 })
  await world.publish(configOf(2, [second]))
  await world.until('the next', () => world.said.length === 3)
  assert.deepEqual(
    world.said.map(({ kind }) => kind),
    ['hello', 'applied', 'applied'],
  )
  assert.equal(box.revision, 1)
})

test('controllers of what was kept before the gateway ended are followed by the next one', async () => {
  const world = await start({ kept: configOf(1, [second]) })
  using box = world.box
  await world.until('it is written', () => world.written.length === 1)
  assert.deepEqual(box.record.controllers.map(formatHostPort), [second, formatHostPort(first)])
  using again = (await start({ kept: configOf(1, [formatHostPort(first)]) })).box
  assert.deepEqual(again.record.controllers, [first])
})

test('a renewal that the controller denies is asked for again an hour later, not before', async () => {
  for (const ageMs of [20 * dayMs, 40 * dayMs]) {
    const world = await start({ ageMs })
    using _ = world.box
    const asked = (): number => world.said.filter(({ kind }) => kind === 'renew').length
    await world.clock.advance(600_000)
    await world.until('it asks', () => asked() === 1)
    world.say({ kind: 'denied', what: 'renew', code: 'STORE_BUSY', message: 'try later' })
    await world.clock.advance(2_990_000)
    await world.until('time for another', () => true)
    assert.equal(asked(), 1)
    await world.clock.advance(3_600_000)
    await world.until('it asks again', () => asked() === 2)
  }
})
