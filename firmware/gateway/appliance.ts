/**
 * What a configuration asks of an appliance's machine, brought about around each pass of the reconciler: NICs for DPDK before its
 * ports are opened, those that it gives up after; the recovery port, the box's own resolver, who may log in.
 */
import type { Appliance } from '../host/appliance/appliance.ts'
import type { Log } from '../host/system/log.ts'
import type { DeviceConfig } from '../model/device-config.ts'
import { CausewayError } from '../model/errors.ts'
import type { RecoveryPort, WantedHardware } from '../model/machine-nic.ts'
import { deviceOf, interfaceOf, kindOf } from '../model/nic.ts'
import type { LeaseFacts } from '../model/service.ts'
import { pciDevicesOf } from '../plan/prepare-nics.ts'
import { recoveryPortOf } from '../plan/prepare-recovery.ts'
import { insidePrefixes } from '../plan/route.ts'
import { serversOf } from '../plan/service.ts'
import { fieldsOf } from './log-fields.ts'

export interface Ground {
  /** NICs of the configuration, as it writes them, that DPDK cannot have: their ports are left out. */
  readonly lacking: readonly string[]
  /** Names of NICs of the configuration that DPDK is still to give back. */
  readonly leaving: readonly string[]
}

export class ApplianceDesk {
  readonly #appliance: Appliance
  readonly #factory: () => Promise<DeviceConfig | null>
  readonly #log: Log
  #wanted: WantedHardware = { devices: [], recovery: null }
  #recovery: RecoveryPort | null = null

  constructor(appliance: Appliance, factory: () => Promise<DeviceConfig | null>, log: Log) {
    this.#appliance = appliance
    this.#factory = factory
    this.#log = log
  }

  /** As it was at the last pass. */
  get recovery(): RecoveryPort | null {
    return this.#recovery
  }

  /** Before the machine is looked at. Never throws: a port that cannot be had is one port less. */
  async settle(config: DeviceConfig): Promise<Ground> {
    const devices = pciDevicesOf(config)
    this.#wanted = { devices, recovery: recoveryPortOf(config, await this.#factory()) }
    const found = await this.#attempt(() => this.#appliance.settle(this.#wanted))
    await this.look()
    const { lacking, leaving } = found ?? { lacking: [], leaving: [] }
    const names = new Set(leaving.map(({ name }) => name))
    const nics = [...config.uplinks, ...config.lans].map(({ nic }) => nic)
    return {
      lacking: nics.filter((nic) => lacking.includes(interfaceOf(deviceOf(nic)))),
      leaving: nics
        .filter((nic) => kindOf(nic) === 'netdev' && names.has(interfaceOf(nic)))
        .map(interfaceOf),
    }
  }

  /** What there is of a recovery port, also while no configuration runs. */
  async look(): Promise<void> {
    this.#recovery = (await this.#attempt(() => this.#appliance.recovery())) ?? null
  }

  /** After the datapath has its program. @returns whether the kernel has got a NIC back, so that its port can be opened */
  async finish(config: DeviceConfig, leases: readonly LeaseFacts[]): Promise<boolean> {
    const servers = serversOf(config, leases, insidePrefixes(config))
    await this.#attempt(() => this.#appliance.resolve(servers))
    await this.#attempt(() => this.#appliance.admit(config.ssh?.keys ?? []))
    return (await this.#attempt(() => this.#appliance.release(this.#wanted))) ?? false
  }

  async #attempt<Found>(task: () => Promise<Found>): Promise<Found | null> {
    try {
      return await task()
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      this.#log.error(fieldsOf(error), 'machine not as configured')
      return null
    }
  }
}
