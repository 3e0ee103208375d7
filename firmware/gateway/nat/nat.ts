/** What the NATs before this box do, by uplink and family: what others may ask of discovery. */
import type { UplinkNat } from '../../model/nat.ts'

export interface Nat {
  /** Of uplinks that were tested where they are now; in order of configuration, IPv4 first. */
  readings(): readonly UplinkNat[]
  /** After a reading came, changed or went; never for one that is as before. Returns the way to end it. */
  onChange(handler: () => void): () => void
  /** Has all uplinks tested again, soon: not oftener than once in two seconds. */
  refresh(): void
}

/** Where nothing is known and nothing is asked. */
export const noNat: Nat = {
  readings: () => [],
  onChange: () => () => undefined,
  refresh: () => undefined,
}
