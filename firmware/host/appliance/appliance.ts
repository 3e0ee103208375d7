/**
 * The port to what only an appliance does, where the whole machine is the firmware's: NICs change their drivers, one is the recovery
 * port, the machine's own resolver and its SSH are what the configuration says. Behind it stand system.ts and none.ts. What is
 * wanted is decided in plan/.
 */
import type { MachineNic, RecoveryPort, WantedHardware } from '../../model/machine-nic.ts'

/** What of the machine is not yet as wanted. */
export interface Unsettled {
  /** PCI addresses of NICs that DPDK cannot have. */
  readonly lacking: readonly string[]
  /** NICs that DPDK still has and that the kernel is to get. */
  readonly leaving: readonly MachineNic[]
}

export interface Appliance {
  /** Waits for it, up to some seconds. Never throws: what is not so in time is told. */
  settle(wanted: WantedHardware): Promise<Unsettled>
  /** Once the datapath has let go of them. @returns whether the kernel has got one back */
  release(wanted: WantedHardware): Promise<boolean>
  /** As it is now; null: there is none. */
  recovery(): Promise<RecoveryPort | null>
  /** Whom programs of the box ask for names, best first. @throws STORE_WRITE_FAILED */
  resolve(servers: readonly string[]): Promise<void>
  /** Public keys of those who may log in; none: nobody can. @throws STORE_, HOST_COMMAND_ errors */
  admit(keys: readonly string[]): Promise<void>
}
