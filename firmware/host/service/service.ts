/**
 * The port to the programs that serve the box: started, supervised, found again by the next gateway, and stopped when
 * they are not configured any more. Behind it stand system.ts and fake.ts (tests). Which are to run is decided in plan/.
 */
import type { LeaseFacts, ServiceState, ServiceStatus } from '../../model/service.ts'

export interface Services extends AsyncDisposable {
  /**
   * Exactly these run from now on. One that runs as wanted goes on undisturbed, whoever started it.
   * One that does not start keeps no other from it, and is tried again. @throws STORE_WRITE_FAILED, HOST_SYSTEM: the first failure
   */
  run(want: readonly ServiceState[]): Promise<void>
  status(): ServiceStatus[]
  /** What the DHCP clients were lent and may still use. */
  leases(): Promise<LeaseFacts[]>
  /**
   * Has the uplink's DHCP client ask whether its lease still holds: it may be on another network now. Nothing happens where
   * none runs yet: one that starts asks anyway.
   */
  renew(device: string): Promise<void>
  /** A lease came, changed or was taken back. */
  onLease(handler: () => void): void
}
