/** A backup of a whole box, restored there and on its replacement; what cannot be restored changes nothing. */
import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { openUsers } from '../../../firmware/gateway/access/users.ts'
import { Backups, type BackupUsers } from '../../../firmware/gateway/backup.ts'
import { openBoxStore, replaceUsers } from '../../../firmware/gateway/box-store.ts'
import { openDeviceKey } from '../../../firmware/host/pki/device-key.ts'
import { sealBackup } from '../../../firmware/host/system/backup-seal.ts'
import { replaceFile } from '../../../firmware/host/system/file.ts'
import type { Log } from '../../../firmware/host/system/log.ts'
import { placesOf } from '../../../firmware/host/system/places.ts'
import { needPrivate } from '../../../firmware/host/system/private-key.ts'
import { orderRestore, restoreIfOrdered } from '../../../firmware/host/system/restore.ts'
import { openWireKey } from '../../../firmware/host/system/wire-key.ts'
import type { BackupIdentity, BackupUser } from '../../../firmware/model/backup.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { RestoreRequest } from '../../../firmware/model/local-api-backup.ts'
import { sampleConfig } from '../model/sample-config.ts'
import { rootOf } from './temporary.ts'

const passphrase = 'correct horse battery'
const userOf = (name: string, role: BackupUser['role']): BackupUser => ({
  ...{ name, role, salt: '0f'.repeat(16), hash: 'ab'.repeat(32), madeMs: 1, passwordMs: 2 },
})
const textOf = (revision: number): string =>
  `# by hand\n${JSON.stringify({ ...sampleConfig(), revision })}\n`

/** A box as its backups see it. */
async function begin(t: TestContext) {
  const places = placesOf('main', await rootOf(t))
  const { deviceId } = await openDeviceKey(places.deviceKey)
  await openWireKey(places.wireKey)
  const box = {
    ...{ places, deviceId, isOwned: false, restarts: 0, highest: 42 },
    text: textOf(42),
    users: [userOf('anna', 'admin'), userOf('otto', 'operator')] as readonly BackupUser[],
    applied: [] as string[],
    refuses: null as CausewayError | null,
  }
  const users: BackupUsers = {
    list: async () => box.users,
    replace: async (all) => {
      box.users = all
    },
  }
  const readIdentity = async (): Promise<BackupIdentity> => ({
    deviceKey: await needPrivate(places.deviceKey),
    wireKey: await needPrivate(places.wireKey),
    owner: null,
  })
  const backups = new Backups({
    ...{ users, readIdentity },
    wallMs: () => Date.UTC(2026, 0, 2),
    deviceId: () => deviceId,
    isOwned: () => box.isOwned,
    running: () => ({ text: box.text, revision: 42, site: 'berlin' }),
    highestRevision: () => box.highest,
    check: (text) => {
      assert.ok(text.startsWith('# by hand\n'), 'comments stay')
    },
    apply: async (text) => {
      if (box.refuses !== null) throw box.refuses
      box.applied.push(text)
    },
    orderRestore: async (order) => {
      if (box.refuses !== null) throw box.refuses
      await orderRestore(places, order)
    },
    restart: () => box.restarts++,
    onFault: (error) => assert.fail(String(error)),
  })
  const make = async (withIdentity = false): Promise<string> =>
    Buffer.from(await backups.make({ passphrase, withIdentity })).toString('base64')
  const restore = (file: string, more: Partial<RestoreRequest> = {}) =>
    backups.restore({
      ...{ passphrase, file, withUsers: true, withIdentity: false, confirmSeconds: 60, ...more },
    })
  /** What its next start does. */
  const restart = () => restoreIfOrdered(places, users.replace)
  return Object.assign(box, { backups, make, restore, restart })
}

test('a backup says what it holds, and nothing of it is in clear', async (t) => {
  const box = await begin(t)
  const file = await box.make(true)
  assert.ok(!Buffer.from(file, 'base64').includes('berlin'))
  assert.deepEqual(await box.backups.look({ passphrase, file }), {
    ...{ madeAt: '2026-01-02T00:00:00.000Z', firmware: '0.1.0', site: 'berlin' },
    ...{ deviceId: box.deviceId, isOwn: true, revision: 42, hasIdentity: true },
    users: [
      { name: 'anna', role: 'admin' },
      { name: 'otto', role: 'operator' },
    ],
  })
})

test('without the keys that it should hold there is no backup', async (t) => {
  const box = await begin(t)
  await rm(box.places.wireKey)
  await assert.rejects(box.make(true), { code: 'STORE_KEY_INVALID' })
  await replaceFile(box.places.wireKey, '')
  await assert.rejects(box.make(true), { code: 'BACKUP_INVALID' })
  assert.ok((await box.make()).length > 0)
})

test('a restore tries the configuration under the next free revision; users come with the confirm', async (t) => {
  const box = await begin(t)
  const file = await box.make()
  box.highest = 57
  box.users = [userOf('eve', 'admin')]
  const { revision, isRestarting } = await box.restore(file)
  assert.deepEqual([revision, isRestarting], [58, false])
  assert.match(box.applied[0]!, /"?revision"?: ?58/)
  assert.match(box.applied[0]!, /^# by hand\n/)
  assert.deepEqual(
    box.users.map(({ name }) => name),
    ['eve'],
    'whoever confirms is still known',
  )
  box.backups.onChange({ kind: 'change', revision: 57, step: 'confirmed' })
  box.backups.onChange({ kind: 'change', revision: 58, step: 'in-place', remainingSeconds: 60 })
  assert.deepEqual(
    box.users.map(({ name }) => name),
    ['eve'],
  )
  box.backups.onChange({ kind: 'change', revision: 58, step: 'confirmed' })
  await new Promise(setImmediate)
  assert.deepEqual(
    box.users.map(({ name }) => name),
    ['anna', 'otto'],
  )
})

test('one that is taken back brings no users either', async (t) => {
  const box = await begin(t)
  const file = await box.make()
  box.users = [userOf('eve', 'admin')]
  const { revision } = await box.restore(file)
  box.backups.onChange({ kind: 'change', revision, step: 'taken-back' })
  box.backups.onChange({ kind: 'change', revision, step: 'confirmed' })
  await new Promise(setImmediate)
  assert.deepEqual(
    box.users.map(({ name }) => name),
    ['eve'],
  )
})

test('what cannot be restored changes nothing', async (t) => {
  const box = await begin(t)
  const file = await box.make()
  const whole = Buffer.from(file, 'base64')
  const half = whole.subarray(0, 200).toString('base64')
  const before = box.users
  const sealed = async (value: unknown): Promise<string> =>
    Buffer.from(await sealBackup(passphrase, Buffer.from(JSON.stringify(value)))).toString('base64')
  const other = { version: 1, madeAt: '', firmware: '', deviceId: 'ab'.repeat(32), site: null }
  const more = { revision: 1, config: '', users: [userOf('otto', 'operator')], identity: null }
  const broken = { deviceKey: 'x', wireKey: 'y', owner: null }
  const tries: readonly [() => Promise<string> | string, Partial<RestoreRequest>, string][] = [
    [() => file, { passphrase: 'another passphrase' }, 'BACKUP_PASSPHRASE'],
    [() => half, {}, 'BACKUP_TRUNCATED'],
    [() => sealed({ version: 2 }), {}, 'BACKUP_VERSION'],
    [() => sealed({ version: 1 }), {}, 'BACKUP_INVALID'],
    [() => sealed({ ...other, ...more }), {}, 'BACKUP_INVALID'],
    [() => sealed({ ...other, ...more, users: [userOf('shell', 'admin')] }), {}, 'BACKUP_INVALID'],
    [() => file, { withIdentity: true }, 'BACKUP_NO_IDENTITY'],
    [
      () => sealed({ ...other, ...more, identity: broken }),
      { withIdentity: true, withUsers: false },
      'BACKUP_INVALID',
    ],
  ]
  for (const [bytes, request, code] of tries) {
    await assert.rejects(box.restore(await bytes(), request), { code })
  }
  box.isOwned = true
  const foreign = await sealed({ ...other, ...more, identity: broken })
  const owned = box.restore(foreign, { withIdentity: true, withUsers: false })
  await assert.rejects(owned, { code: 'BACKUP_OWNED' })
  box.refuses = new CausewayError('CONFIG_PENDING', 'another change waits')
  await assert.rejects(box.restore(file), { code: 'CONFIG_PENDING' })
  assert.deepEqual([box.applied, box.users, box.restarts], [[], before, 0])
  assert.equal(await box.restart(), 'none')
})

test('one whose confirm waits keeps its users when another restore is refused', async (t) => {
  const box = await begin(t)
  const file = await box.make()
  box.users = [userOf('eve', 'admin')]
  const { revision } = await box.restore(file)
  box.refuses = new CausewayError('CONFIG_PENDING', 'another change waits')
  await assert.rejects(box.restore(file), { code: 'CONFIG_PENDING' })
  box.backups.onChange({ kind: 'change', revision, step: 'confirmed' })
  await new Promise(setImmediate)
  assert.equal(box.users.length, 2)
})

test('a replacement becomes the box that the backup was made of, at its next start', async (t) => {
  const old = await begin(t)
  const file = await old.make(true)
  const fresh = await begin(t)
  fresh.users = [userOf('eve', 'admin')]
  assert.notEqual(fresh.deviceId, old.deviceId)
  await replaceFile(fresh.places.signedRecord, '{}')
  const answer = await fresh.restore(file, { withIdentity: true })
  assert.deepEqual([answer.isRestarting, fresh.restarts, fresh.applied], [true, 1, []])
  assert.deepEqual(fresh.users, [userOf('eve', 'admin')], 'until then it is who it was')
  assert.equal(await fresh.restart(), 'done')
  assert.equal((await openDeviceKey(fresh.places.deviceKey)).deviceId, old.deviceId)
  assert.deepEqual(
    (await openWireKey(fresh.places.wireKey)).publicKey,
    (await openWireKey(old.places.wireKey)).publicKey,
  )
  assert.equal(await readFile(fresh.places.config, 'utf8'), old.text)
  assert.deepEqual(fresh.users, old.users)
  await assert.rejects(readFile(fresh.places.signedRecord), { code: 'ENOENT' })
  assert.equal(await fresh.restart(), 'none', 'once')
  await replaceFile(fresh.places.restoreOrder, '{"identity":')
  assert.equal(await fresh.restart(), 'broken')
  assert.equal(await fresh.restart(), 'none', 'it does not keep the box from starting')
})

test('where the order cannot be written, or the users cannot, the box is wholly what it was', async (t) => {
  const old = await begin(t)
  const file = await old.make(true)
  const fresh = await begin(t)
  fresh.users = [userOf('eve', 'admin')]
  fresh.refuses = new CausewayError('STORE_WRITE_FAILED', 'the disk is full')
  const full = fresh.restore(file, { withIdentity: true })
  await assert.rejects(full, { code: 'STORE_WRITE_FAILED' })
  assert.deepEqual([fresh.users, fresh.restarts], [[userOf('eve', 'admin')], 0])
  fresh.refuses = null
  await fresh.restore(file, { withIdentity: true })
  const broken = new CausewayError('STORE_CORRUPT', 'the store is broken')
  const refused = restoreIfOrdered(fresh.places, () => Promise.reject(broken))
  assert.deepEqual(await refused, { refused: broken })
  assert.equal((await openDeviceKey(fresh.places.deviceKey)).deviceId, fresh.deviceId)
  assert.equal(await fresh.restart(), 'none', 'it is not tried behind the owner’s back')
})

test('users of a backup are written before the gateway opens its store', async (t) => {
  const places = placesOf('main', await rootOf(t))
  const log = { error: () => assert.fail() } as unknown as Log
  await replaceUsers(places, [userOf('eve', 'admin')], log)
  const wanted = [userOf('anna', 'admin'), userOf('otto', 'operator')]
  await replaceUsers(places, wanted, log)
  await using store = await openBoxStore(places.storeFolder, () => assert.fail())
  const parts = { store, nowMs: () => 0, wallMs: () => 0, onFault: () => assert.fail() }
  assert.deepEqual((await openUsers(parts)).list(), wanted)
})
