/** A whole controller on loopback, with real TLS and LevelDB, an owner's root that has delegated to it, and devices before it. */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditEntry } from '../../../firmware/controller/audit.ts'
import { openController } from '../../../firmware/controller/controller.ts'
import { openOwner } from '../../../firmware/controller/owner.ts'
import type { AttemptOptions } from '../../../firmware/gateway/enrol/attempt.ts'
import { systemClock } from '../../../firmware/host/clock/system.ts'
import { askController } from '../../../firmware/host/link/controller-client.ts'
import { openZtp } from '../../../firmware/host/link/ztp.ts'
import { type Authority, fingerprintOf } from '../../../firmware/host/pki/certificate.ts'
import { openDeviceKey } from '../../../firmware/host/pki/device-key.ts'
import { openLevelTable } from '../../../firmware/host/store/level-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import type { Store } from '../../../firmware/host/store/store.ts'
import type { HostPort } from '../../../firmware/model/host-port.ts'
import type { Role } from '../../../firmware/model/user.ts'
import { signJws } from '../../../firmware/wire/jws.ts'

export const tenant = 'acme'
/** Another one, of the same controller. */
export const stranger = 'evil'
export const askMs = 10_000
const silent = { info: () => {}, warn: () => {}, error: () => {} }
const pollMs = 50

export interface Target extends AsyncDisposable {
  readonly at: HostPort
  readonly store: Store
  readonly authority: Authority
  /** The public half. */
  readonly root: KeyObject
  /** A blank one with a key of its own; it asks again at once, until the target is disposed of. */
  device(more?: Partial<AttemptOptions>): Promise<AttemptOptions>
  ask(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown>
  /** The same as somebody of the other tenant. */
  askAs(role: Role, ...asked: Parameters<Target['ask']>): Promise<unknown>
  /** Of both tenants and of strangers. */
  audit(): Promise<AuditEntry[]>
}

export async function openTarget(): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-target-'))
  const made = await openOwner(join(folder, 'keys'), ['127.0.0.1'], Date.now())
  const root = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const said = {
    version: 1,
    ownerPin: fingerprintOf(made.authority.certificate),
    issuedMs: Date.now(),
    expiresMs: Date.now() + 1e9,
  }
  const delegation = await signJws('causeway-delegation', said, root.privateKey)
  const store = await openStore(await openLevelTable(join(folder, 'store')))
  const tenants = [tenant, stranger].map((name) => ({ key: `tenant/${name}`, value: '{}' }))
  await store.commit({ conditions: [], changes: tenants })
  const parts = { store, clock: systemClock(), wallMs: Date.now, random: randomBytes, log: silent }
  const controller = await openController({
    firmwareFolder: join(folder, 'firmware'),
    ...{ ...parts, owner: { ...made, delegations: [delegation] }, host: '127.0.0.1', port: 0 },
  })
  const at = { host: '127.0.0.1', port: controller.api.port }
  const token = await controller.users.addToken('test', {
    ...{ label: 'test', tenant: '*', role: 'owner', expiresMs: Date.now() + 1e9 },
  })
  const authority = made.authority
  const askBy = (token: string, ...[method, path, body]: Parameters<Target['ask']>) =>
    askController({
      ...{ controller: at, authority: authority.certificate, token, method, path },
      ...{ timeoutMs: askMs, ...(body === undefined ? {} : { body }) },
    })
  const ask: Target['ask'] = (...asked) => askBy(token, ...asked)
  const askAs: Target['askAs'] = async (role, ...asked) => {
    const expiresMs = Date.now() + 1e9
    const of = { label: role, tenant: stranger, role, expiresMs }
    return askBy(await controller.users.addToken('test', of), ...asked)
  }
  let devices = 0
  let isOpen = true
  return {
    ...{ at, store, authority, root: root.publicKey, ask, askAs },
    device: async (more = {}) => ({
      key: await openDeviceKey(join(folder, `device-${devices++}.key`)),
      wireKey: randomBytes(32).toString('base64'),
      ...{ keeping: 'software', firmware: 'test', imageRoots: [], ownRoots: [root.publicKey] },
      connect: (authorities) => openZtp({ controller: at, authorities, timeoutMs: askMs }),
      ...{ random: randomBytes, nowMs: Date.now, onCode: () => {}, isConfirmed: () => false },
      ...{ onPassedOver: () => {}, anewInMs: () => Infinity },
      pause: () =>
        new Promise((passed, failed) => {
          setTimeout(() => (isOpen ? passed() : failed(new Error('it is over'))), pollMs)
        }),
      ...more,
    }),
    audit: async () => {
      const logs = [tenant, stranger, 'system'].map(async (name) => {
        const answer = await ask('GET', `/api/v1/tenants/${name}/audit/0`)
        return (answer as { readonly entries: readonly AuditEntry[] }).entries
      })
      return (await Promise.all(logs)).flat()
    },
    [Symbol.asyncDispose]: async () => {
      isOpen = false
      await controller[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
}
