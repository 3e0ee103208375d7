/** A whole controller on loopback, on LevelDB, with real TLS: from a blank device to one that runs what its owner published. */
import assert from 'node:assert/strict'
import { randomBytes, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
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
    delegations: [await signJws('causeway-delegation', said, ownRoot.privateKey)],
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
  const controller = await openController({
    ...{ ...parts, host: '127.0.0.1', port: 0, firmwareFolder: join(folder, 'firmware') },
  })
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
    ...{ onPassedOver: () => {}, anewInMs: () => Infinity },
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
    onReleased: () => {},
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

test('people see and change what their role allows, and nothing without a token', async () => {
  const { controller } = await start('people')
  await using _ = controller
  await controller.users.add('setup', {
    name: 'ada',
    tenant,
    role: 'admin',
    password: 'correct horse battery',
  })
  await controller.users.add('setup', {
    name: 'otto',
    tenant,
    role: 'auditor',
    password: 'correct horse battery',
  })
  const ask = async (method: string, path: string, body?: object, token?: string) => {
    const { status, text } = await httpsAsk(controller.api.port, method, path, body, token)
    return { status, body: JSON.parse(text) as { readonly [name: string]: unknown } }
  }
  const signIn = async (name: string): Promise<string> =>
    (await ask('POST', '/api/v1/sign-in', { name, password: 'correct horse battery' })).body
      .token as string
  const [ada_, otto] = [await signIn('ada'), await signIn('otto')]
  const documents = [network, main, office, siteOf('berlin', { edge: 'ab'.repeat(32) })]
  const change = { documents, isWhole: true }
  const url = `/api/v1/tenants/${tenant}`
  assert.deepEqual(
    [
      (await ask('GET', `${url}/fleet`)).status,
      (await ask('GET', `${url}/fleet`, undefined, 'cw_no')).status,
    ],
    [401, 401],
  )
  assert.equal((await ask('POST', `${url}/plan`, change, otto)).status, 200)
  const refused = await ask('POST', `${url}/apply`, change, otto)
  assert.deepEqual([refused.status, refused.body.code], [403, 'API_FORBIDDEN'])
  assert.equal((await ask('GET', '/api/v1/tenants/other/fleet', undefined, ada_)).status, 403)
  assert.equal((await ask('POST', `${url}/apply`, change, ada_)).status, 200)
  const fleet = await ask('GET', `${url}/fleet`, undefined, otto)
  assert.equal((fleet.body.documents as unknown[]).length, 4)
  const claim = { device: 'ab'.repeat(32), site: 'berlin' }
  assert.equal((await ask('POST', `${url}/claims`, claim, ada_)).status, 200)
  const { body } = await ask('GET', `${url}/edges`, undefined, otto)
  assert.deepEqual(
    (body.edges as { deviceId: string; isUp: boolean }[]).map(({ deviceId, isUp }) => [
      deviceId,
      isUp,
    ]),
    [[claim.device, false]],
  )
  const audit = await ask('GET', `${url}/audit/0`, undefined, otto)
  assert.deepEqual(
    (audit.body.entries as { who: string; what: string }[]).map(
      ({ who, what }) => `${who} ${what}`,
    ),
    [
      ...['setup user.add', 'setup user.add', 'ada user.sign-in', 'otto user.sign-in'],
      ...['otto api.refuse', 'ada api.refuse', 'ada fleet.apply', 'ada edge.list'],
    ],
  )
  const bad = await ask(
    'POST',
    `${url}/apply`,
    { documents: [{ kind: 'site', name: 'x' }], isWhole: false },
    ada_,
  )
  assert.deepEqual([bad.status, bad.body.code], [422, 'CONFIG_MISSING_FIELD'])
})

function httpsAsk(
  port: number,
  method: string,
  path: string,
  body?: object,
  token?: string,
): Promise<{ status: number; text: string }> {
  const text = body === undefined ? '' : JSON.stringify(body)
  const headers = {
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  }
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, method, path, headers, rejectUnauthorized: false },
      (response) => {
        let answer = ''
        response.on('data', (chunk) => {
          answer += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode!, text: answer }))
      },
    )
    asked.once('error', reject)
    asked.end(text)
  })
}
