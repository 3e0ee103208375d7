/** A whole controller on loopback, on LevelDB, with real TLS: from a blank device to one that runs what its owner published. */
import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openController } from '../../../firmware/controller/controller.ts'
import { documentChange } from '../../../firmware/controller/fleet.ts'
import { openOwner } from '../../../firmware/controller/owner.ts'
import { ControllerLink } from '../../../firmware/gateway/controller-link.ts'
import { attemptEnrol } from '../../../firmware/gateway/enrol/attempt.ts'
import { systemClock } from '../../../firmware/host/clock/system.ts'
import { openLink } from '../../../firmware/host/link/client.ts'
import { openZtp } from '../../../firmware/host/link/ztp.ts'
import { fingerprintOf } from '../../../firmware/host/pki/certificate.ts'
import { openDeviceKey } from '../../../firmware/host/pki/device-key.ts'
import { openLevelTable } from '../../../firmware/host/store/level-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { linkPath } from '../../../firmware/model/control-link.ts'
import type { FleetDocument } from '../../../firmware/model/fleet.ts'
import { nameOf } from '../../../firmware/plan/fleet-documents.ts'
import { signJws } from '../../../firmware/wire/jws.ts'
import { pair } from '../gateway/enrol/desk.ts'
import { boxOf, main, network, office, siteOf } from '../plan/fleet-sample.ts'

const root = mkdtempSync(join(tmpdir(), 'causeway-controller-'))
after(() => rmSync(root, { recursive: true }))
const silent = { info: () => {}, warn: () => {}, error: () => {} }
const tenant = 't'
const ada = { who: 'ada', tenant }

async function start(name: string, ownRoot = pair()) {
  const folder = join(root, name)
  const made = await openOwner(join(folder, 'keys'), ['127.0.0.1'], Date.now())
  const said = {
    version: 1,
    ownerPin: fingerprintOf(made.authority.certificate),
    issuedMs: Date.now(),
    expiresMs: Date.now() + 1e9,
  }
  const owner = {
    ...made,
    delegation: await signJws('causeway-delegation', said, ownRoot.privateKey),
  }
  const store = await openStore(await openLevelTable(join(folder, 'store')))
  await store.commit({ conditions: [], changes: [{ key: `tenant/${tenant}`, value: '{}' }] })
  const parts = {
    store,
    owner,
    clock: systemClock(),
    wallMs: Date.now,
    random: randomBytes,
    log: silent,
  }
  const controller = await openController({ ...parts, host: '127.0.0.1', port: 0 })
  return { controller, store, owner, ownRoot }
}

test('a blank device is listed, enrols, and runs what is published for it', async () => {
  const { controller, store, owner, ownRoot } = await start('whole')
  await using _ = controller
  const key = await openDeviceKey(join(root, 'box/device.key'))
  const { wireKey } = boxOf('berlin')
  await controller.enrol.list(ada, key.deviceId, 'berlin')
  const site = siteOf('berlin', { edge: key.deviceId })
  const at = { host: '127.0.0.1', port: controller.api.port }
  const enrolled = await attemptEnrol({
    ...{
      key,
      wireKey,
      keeping: 'software',
      firmware: 'test',
      imageRoots: [],
      ownRoots: [ownRoot.publicKey],
    },
    connect: (authorities) => openZtp({ controller: at, authorities, timeoutMs: 5_000 }),
    ...{ random: randomBytes, nowMs: Date.now, onCode: () => {}, isConfirmed: () => false },
    pause: (ms) => new Promise((passed) => setTimeout(passed, ms)),
  })
  assert.equal(enrolled.authority, owner.authority.certificate)
  const applied = Promise.withResolvers<string>()
  const confirmed = Promise.withResolvers<number>()
  const own = {
    key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: enrolled.certificate,
  }
  using _link = new ControllerLink({
    ...{
      clock: systemClock(),
      log: silent,
      random: Math.random,
      firmware: 'test',
      deviceId: key.deviceId,
      had: null,
    },
    ownerKeys: [new X509Certificate(enrolled.authority).publicKey],
    open: () =>
      openLink({
        controller: at,
        path: linkPath,
        own,
        authorities: [enrolled.authority],
        timeoutMs: 5_000,
      }),
    apply: async ({ site: name, revision }) => applied.resolve(`${name} ${revision}`),
    confirm: async ({ revision }) => confirmed.resolve(revision),
    onCertificate: async () => {},
    onTime: () => {},
  })
  // Documents that come after the box has its link reach it by themselves.
  const documents: readonly FleetDocument[] = [network, main, office, site]
  const changes = documents.map((one) => documentChange(tenant, nameOf(one), one))
  await store.commit({ conditions: [], changes })
  assert.equal(await applied.promise, 'berlin 1')
  assert.equal(await confirmed.promise, 1)
  assert.deepEqual(
    controller.links.attached.map(({ deviceId }) => deviceId),
    [key.deviceId],
  )
})
