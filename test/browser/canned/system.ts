/** What the fake box answers about itself: machine, users, audit log, backups, firmware (worn: a slot on trial; cut: one that failed). */

import type { EnrolmentAnswer } from '../../../firmware/model/enrolment.ts'
import type {
  LocalAuditEntry,
  LocalTokenStatus,
  LocalUserStatus,
  SignedInStatus,
} from '../../../firmware/model/local-api-access.ts'
import type { BackupContents, RestoreAnswer } from '../../../firmware/model/local-api-backup.ts'
import type { SlotsAnswer } from '../../../firmware/model/local-api-slots.ts'
import type { SystemAnswer } from '../../../firmware/model/local-api-system.ts'
import { type Canned, type CannedBox, CannedError } from './canned.ts'

const day = 86_400
const now = (): number => Date.now() / 1000
const deviceId = '3f9a6c21'.repeat(8)

const owner: EnrolmentAnswer = {
  ...{ state: 'owned', deviceId, serial: '3f9a6c21', offers: [], isLinked: true, revision: 42 },
  ...{ ownerFingerprint: '9d2c41aa'.repeat(8), controllers: ['fleet.example.net:8443'] },
  ...{ certificateSeconds: 61 * day, lastError: null },
}

function systemOf({ scene }: CannedBox): SystemAnswer {
  const isWorn = scene.site === 'worn'
  return {
    ...{ version: '0.1.0', instance: 'main', uptimeSeconds: 6 * day, isAppliance: isWorn },
    datapathUptimeSeconds: isWorn ? null : 12 * day + 4_000,
    machine: {
      ...{
        hostname: 'berlin',
        system: 'Debian GNU/Linux 13',
        kernel: '6.12.41',
        architecture: 'x64',
      },
      ...{ model: 'PC Engines apu4', cpu: 'AMD GX-412TC SOC', cores: 4, uptimeSeconds: 12 * day },
      ...{ cpuRatio: isWorn ? 0.97 : 0.23, gatewayCpuRatio: 0.008, load: [0.6, 0.5, 0.4] },
      ...{
        memoryBytes: 4.1e9,
        memoryAvailableBytes: isWorn ? 4e8 : 3.1e9,
        gatewayMemoryBytes: 9e7,
      },
      ...{ temperatureCelsius: 54.5, diskBytes: 1.6e10, diskUsedBytes: isWorn ? 1.55e10 : 3.4e9 },
    },
    clock: {
      ...{ nowSeconds: now() + (isWorn ? 190 : 0), zone: 'Europe/Berlin' },
      ...(isWorn
        ? { isSynchronised: false, by: 'nobody', server: null, stratum: null }
        : { isSynchronised: true, by: 'chrony', server: '192.0.2.123', stratum: 3 }),
      offsetSeconds: isWorn ? null : 0.00042,
      errorSeconds: isWorn ? null : 0.0123,
    },
    certificates: [
      {
        ...{ use: 'device', subject: deviceId, issuer: 'Example networks' },
        names: [`causeway:device:${deviceId}`, 'causeway:wire:hQ9xZt'],
        ...{ fingerprint: '5e1f09b7'.repeat(8), beginSeconds: now() - 30 * day },
        ...{ endSeconds: now() + 61 * day, remainingSeconds: 61 * day },
      },
      {
        ...{ use: 'lan', subject: 'Causeway gateway', issuer: 'Causeway gateway' },
        ...{ names: ['10.1.0.1', 'fd00:1::1'], fingerprint: 'c07a55d3'.repeat(8) },
        ...{ beginSeconds: now() - 200 * day, endSeconds: now() + (isWorn ? 9 : 197) * day },
        remainingSeconds: (isWorn ? 9 : 197) * day,
      },
    ],
    owner,
  }
}

const userOf = (name: string, role: LocalUserStatus['role'], days: number): LocalUserStatus => ({
  ...{ name, role, sessions: days < 20 ? 1 : 0 },
  madeMs: (now() - 2 * days * day) * 1000,
  passwordMs: (now() - days * day) * 1000,
})
let users = [
  userOf('anna', 'admin', 12),
  userOf('otto', 'operator', 40),
  userOf('wanda', 'viewer', 90),
]
let tokens: LocalTokenStatus[] = [
  {
    ...{ id: 'a1b2c3d4e5f60718', label: 'prometheus', role: 'viewer', by: 'anna' },
    ...{ madeMs: (now() - 20 * day) * 1000, expiresMs: (now() + 70 * day) * 1000 },
  },
]
const signedIn: SignedInStatus[] = [
  {
    ...{ id: '00112233445566aa', user: 'anna', role: 'admin', address: '10.1.0.20' },
    ...{ ageSeconds: 1_500, idleSeconds: 1, isOwn: true },
  },
  {
    ...{ id: '00112233445566bb', user: 'otto', role: 'operator', address: 'fd00:1::57' },
    ...{ ageSeconds: 8_000, idleSeconds: 320, isOwn: false },
  },
]
const audited = (
  number: number,
  secondsAgo: number,
  entry: Partial<LocalAuditEntry>,
): LocalAuditEntry => ({
  ...{ number, who: 'anna', what: 'sign-in', target: '', from: '10.1.0.20', code: null, more: 0 },
  at: new Date((now() - secondsAgo) * 1000).toISOString(),
  ...entry,
})
const audit = (): LocalAuditEntry[] => [
  audited(9, 30, { what: 'POST /api/v1/backup' }),
  audited(8, 700, { what: 'POST /api/v1/config/confirm' }),
  audited(7, 760, { what: 'POST /api/v1/config/apply' }),
  audited(6, 1_500, {}),
  audited(5, 4_000, { who: 'root', from: '10.1.0.66', code: 'API_UNAUTHENTICATED', more: 41 }),
  audited(4, 8_000, { who: 'otto', from: 'fd00:1::57' }),
  audited(3, 8_100, { who: 'otto', what: 'POST /api/v1/reset', code: 'API_FORBIDDEN' }),
  audited(2, 9 * day, { what: 'POST /api/v1/users', target: 'user/otto (operator)' }),
  audited(1, 12 * day, {
    who: 'shell',
    what: 'first password',
    from: 'shell',
    target: 'user/anna',
  }),
]

const contents: BackupContents = {
  ...{ madeAt: '2026-05-04T09:30:00.000Z', firmware: '0.1.0', site: 'berlin', deviceId },
  ...{ isOwn: true, revision: 41, hasIdentity: true },
  users: [
    { name: 'anna', role: 'admin' },
    { name: 'otto', role: 'operator' },
  ],
}
const opened = (body: unknown): BackupContents => {
  if ((body as { passphrase: string }).passphrase === 'correct horse battery') return contents
  const message = 'the passphrase is not the one of this backup'
  throw new CannedError(403, 'BACKUP_PASSPHRASE', message)
}

const standing = { isRunning: false, isNext: false, reason: null } as const

function slotsOf({ scene }: CannedBox): SlotsAnswer {
  const running = { ...standing, isRunning: true, isNext: true } as const
  if (scene.site === 'cut') {
    const reason =
      'it did not prove itself: it does not reach the controller, which was reached before'
    return {
      isSupported: true,
      slots: [
        { name: 'A', version: '0.1.0', ...running, state: 'good' },
        { name: 'B', version: '0.2.0', ...standing, state: 'bad', reason },
      ],
      install: null,
    }
  }
  if (scene.site !== 'worn') return { isSupported: false, slots: [], install: null }
  return {
    isSupported: true,
    slots: [
      { name: 'A', version: '0.1.0', ...standing, state: 'good' },
      { name: 'B', version: '0.2.0', ...running, state: 'trying' },
    ],
    install: { phase: 'writing', bytes: 61e6, totalBytes: 188e6, error: null },
  }
}

export const systemAnswers: Canned = {
  'GET /api/v1/system': ({ box }) => systemOf(box),
  'POST /api/v1/system/restart': () => ({ inSeconds: 1 }),
  'POST /api/v1/reset': () => owner,
  'GET /api/v1/slots': ({ box }) => slotsOf(box),
  'POST /api/v1/slots/good': ({ box }) => slotsOf(box),
  'POST /api/v1/slots/rollback': ({ box }) => slotsOf(box),
  'POST /api/v1/slots/install': ({ box }) => slotsOf(box),
  'POST /api/v1/backup': () => Buffer.from('CWBACKUP'),
  'POST /api/v1/backup/look': ({ body }) => opened(body),
  'POST /api/v1/backup/restore': ({ body }): RestoreAnswer => ({
    ...{ contents: opened(body), revision: 43 },
    isRestarting: (body as { withIdentity: boolean }).withIdentity,
  }),
  'GET /api/v1/users': () => ({ users }),
  'POST /api/v1/users': ({ body }) => {
    const { name, role } = body as LocalUserStatus
    users = [...users, { ...userOf(name, role, 20), sessions: 0 }]
    return {}
  },
  'POST /api/v1/users/:name/role': ({ params, body }) => {
    const { role } = body as LocalUserStatus
    users = users.map((user) => (user.name === params.name ? { ...user, role } : user))
    return {}
  },
  'POST /api/v1/users/:name/password': () => ({}),
  'POST /api/v1/users/:name/remove': ({ params }) => {
    if (params.name === 'anna') {
      const message = 'anna is the last admin: make another one first'
      throw new CannedError(409, 'API_LAST_ADMIN', message)
    }
    users = users.filter(({ name }) => name !== params.name)
    return {}
  },
  'GET /api/v1/signed-in': () => ({ sessions: signedIn }),
  'POST /api/v1/signed-in/:id/end': () => ({}),
  'GET /api/v1/tokens': () => ({ tokens }),
  'POST /api/v1/tokens': () => ({ token: 'cw_9f8e7d6c5b4a39281706f5e4d3c2b1a0', expiresMs: 0 }),
  'POST /api/v1/tokens/:id/revoke': ({ params }) => {
    tokens = tokens.filter(({ id }) => id !== params.id)
    return {}
  },
  'GET /api/v1/audit': () => ({ entries: audit() }),
  'GET /api/v1/audit/:before': () => ({ entries: [] }),
}
