/** What the API says of the machine and does to it, put together. What each part does is its own file's. */

import type { Clock } from '../host/clock/clock.ts'
import { keptFor } from '../host/clock/kept.ts'
import { parseDeviceConfig } from '../host/config/parse.ts'
import { viewCertificate } from '../host/pki/certificate-view.ts'
import type { Slots } from '../host/slots/slots.ts'
import type { Log } from '../host/system/log.ts'
import type { Machine } from '../host/system/machine.ts'
import type { Power } from '../host/system/power.ts'
import type { RestoreOrder } from '../host/system/restore.ts'
import type { BackupIdentity } from '../model/backup.ts'
import { CausewayError } from '../model/errors.ts'
import type { Status } from '../model/local-api.ts'
import type { ClockAnswer } from '../model/local-api-system.ts'
import { lanApiAddresses } from '../plan/lan-api.ts'
import type { SystemParts } from './api/system-routes.ts'
import { Backups, type BackupUsers } from './backup.ts'
import type { Core } from './core.ts'
import type { Firmware } from './firmware.ts'
import { fieldsOf } from './log-fields.ts'
import type { BoxOwner } from './owner.ts'

/** The machine as the gateway sees it; each has a fake. */
export interface Host {
  readonly machine: Machine
  readonly clockSync: () => Promise<Omit<ClockAnswer, 'nowSeconds' | 'zone'>>
  readonly power: Power
  /** What the start of the machine had to do to what the box keeps; null: nothing. */
  readonly dataNote: string | null
  /** Why nothing more can be kept, in words; null: it can. */
  readonly roomProblem: () => string | null
  /** Until the answer is out. */
  readonly restartAfterMs: number
  readonly slots: Slots
  /** With which the box shows itself at an address of its own, PEM; null: there is none. */
  readonly lanCertificate: (address: string) => Promise<string | null>
  /** Keys as PEM. @throws STORE_KEY_ errors */
  readonly readKeys: () => Promise<Omit<BackupIdentity, 'owner'>>
  /** From the next start on this box is that one. @throws STORE_WRITE_FAILED */
  readonly orderRestore: (order: RestoreOrder) => Promise<void>
}

export interface SystemFacts {
  readonly host: Host
  readonly clock: Pick<Clock, 'nowMs'>
  readonly wallMs: () => number
  readonly log: Log
  readonly wireKey: string
  readonly deviceId: () => string
  readonly status: () => Status
  readonly users: BackupUsers
  readonly firmware: Firmware
}

/** Of pages, one an address: of more the first ones are told. */
const mostCertificates = 16
/** Twenty pages ask no more of the machine than one. */
const keptMs = 5_000

/** @returns also who must hear of changes of configuration */
export function openSystem(
  facts: SystemFacts,
  core: Core,
  owner: BoxOwner,
): { readonly parts: SystemParts; readonly backups: Backups } {
  const { host, clock, wallMs, log, wireKey, deviceId, users, firmware } = facts
  const { source, changes } = core
  const backups = new Backups({
    ...{ wallMs, deviceId, users },
    isOwned: () => owner.hasOwner,
    running: () => {
      const { text, config } = source.confirmed ?? { text: '', config: null }
      return config === null ? null : { text, revision: config.revision, site: config.site }
    },
    highestRevision: () => Math.max(0, ...source.entries.map(({ revision }) => revision)),
    check: (text) => {
      const { errors } = parseDeviceConfig(text, { ownWireKey: wireKey })
      const [first] = errors
      if (first !== undefined)
        throw new CausewayError(first.code, first.message, { ...first, errors })
    },
    apply: (text, confirmSeconds) => changes.apply(text, confirmSeconds),
    readIdentity: async () => ({ ...(await host.readKeys()), owner: owner.record }),
    orderRestore: host.orderRestore,
    restart: host.power.restartGateway,
    onFault: (error) => log.error(fieldsOf(error), 'users of a backup not restored'),
  })
  // Programs are run for it.
  const clockSync = keptFor(keptMs, () => clock.nowMs(), host.clockSync)
  const parts: SystemParts = {
    show: () => show(facts, clockSync, core, owner),
    restart: async (what) => {
      if (what === 'machine') await host.power.rebootMachine()
      else host.power.restartGateway()
      log.warn({ detail: what }, 'restart asked for')
      return { inSeconds: host.restartAfterMs / 1000 }
    },
    backup: {
      make: (request) => backups.make(request),
      look: (request) => backups.look(request),
      restore: (request) => backups.restore(request),
    },
    firmware: {
      show: () => firmware.show(),
      install: (upload) => firmware.install(upload),
      markGood: () => firmware.markGood(),
      rollBack: () => firmware.rollBack(),
    },
  }
  return { parts, backups }
}

async function show(
  { host, wallMs, status }: SystemFacts,
  clockSync: Host['clockSync'],
  core: Core,
  owner: BoxOwner,
) {
  const { running, absentNics } = core.reconciler.outcome
  const addresses = lanApiAddresses(running.config, absentNics).slice(0, mostCertificates)
  const [machine, sync, isAppliance, ...pages] = await Promise.all([
    host.machine.read(),
    clockSync(),
    host.power.isAppliance(),
    ...addresses.map((address) => host.lanCertificate(address).catch(() => null)),
  ])
  const { version, instance, uptimeSeconds, datapathUptimeSeconds } = status()
  const nowMs = wallMs()
  const device = owner.record?.certificate ?? null
  const certificates = [
    device === null ? null : viewCertificate(device, 'device', nowMs),
    ...pages.map((pem) => (pem === null ? null : viewCertificate(pem, 'lan', nowMs))),
  ].filter((one) => one !== null)
  return {
    ...{ version, instance, uptimeSeconds, datapathUptimeSeconds, isAppliance, machine },
    clock: {
      nowSeconds: nowMs / 1000,
      zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      ...sync,
    },
    certificates,
    owner: owner.answer,
  }
}
