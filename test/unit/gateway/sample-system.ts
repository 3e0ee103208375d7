/** A machine that does nothing, and routes that nobody asks, for tests of other things. */
import assert from 'node:assert/strict'
import type { HistoryRouteParts } from '../../../firmware/gateway/api/history-routes.ts'
import type { SystemParts } from '../../../firmware/gateway/api/system-routes.ts'
import type { Host } from '../../../firmware/gateway/system.ts'
import { noSlots } from '../../../firmware/host/slots/none.ts'
import { noAppliance } from '../../../firmware/host/system/power.ts'
import type { RestoreOrder } from '../../../firmware/host/system/restore.ts'
import type { BackupIdentity } from '../../../firmware/model/backup.ts'
import type { MachineAnswer } from '../../../firmware/model/local-api-system.ts'

import { noDiagnostics } from './no-diagnostics.ts'
import { noAccess } from './sample-access.ts'
import { noLans } from './sample-answers.ts'
import { noEnrolment } from './sample-enrolment.ts'

const fail = () => assert.fail()

export const noHistory: HistoryRouteParts = { ofName: fail, ofBox: fail, recent: fail }

export const noSystem: SystemParts = {
  ...{ show: fail, restart: fail },
  backup: { make: fail, look: fail, restore: fail },
  firmware: { show: fail, install: fail, markGood: fail, rollBack: fail },
}

/** All that an API has besides status and configurations. */
export const nothingElse = {
  history: noHistory,
  system: noSystem,
  enrolment: noEnrolment,
  access: noAccess(),
  lan: noLans,
  ...noDiagnostics,
}

export const sampleMachine: MachineAnswer = {
  ...{ hostname: 'berlin', system: 'Debian GNU/Linux 13', kernel: '6.12.0', architecture: 'x64' },
  ...{ model: 'PC Engines apu4', cpu: 'AMD GX-412TC', cores: 4, uptimeSeconds: 86_400 },
  ...{ cpuRatio: 0.12, gatewayCpuRatio: 0.01, load: [0.2, 0.1, 0.1] },
  ...{ memoryBytes: 4e9, memoryAvailableBytes: 3e9, gatewayMemoryBytes: 9e7 },
  ...{ temperatureCelsius: 51.5, diskBytes: 1.6e10, diskUsedBytes: 2.1e9 },
}

export interface FakeHost extends Host {
  readonly restarts: string[]
  /** So often it was asked who keeps the clock. */
  clockLooks: number
  readonly orders: RestoreOrder[]
}

/** @param isAppliance it may be started anew as a whole */
export function fakeHost(
  keys: Omit<BackupIdentity, 'owner'> = { deviceKey: '', wireKey: '' },
  isAppliance = false,
): FakeHost {
  const restarts: string[] = []
  const orders: FakeHost['orders'] = []
  const host: FakeHost = {
    ...{
      restarts,
      orders,
      clockLooks: 0,
      restartAfterMs: 0,
      dataNote: null,
      roomProblem: () => null,
      slots: noSlots(),
    },
    machine: { read: async () => sampleMachine },
    clockSync: async () => {
      host.clockLooks++
      return {
        ...{ isSynchronised: true, by: 'chrony', server: '192.0.2.1', stratum: 3 },
        ...{ offsetSeconds: 0.0001, errorSeconds: 0.01 },
      }
    },
    power: {
      isAppliance: async () => isAppliance,
      rebootMachine: async () => {
        if (!isAppliance) throw noAppliance()
        restarts.push('machine')
      },
      restartGateway: () => void restarts.push('gateway'),
    },
    lanCertificate: async () => null,
    readKeys: async () => keys,
    orderRestore: async (order) => void orders.push(order),
  }
  return host
}
