/**
 * The port to what tests of the network need of the machine: programs that are followed, names, a page of HTTP, the kernel's
 * neighbours, a door in the firewall. Behind it stand system.ts and fake.ts (tests). What is asked and what an answer means is decided in gateway/diagnose.
 */
import type { DnsType } from '../../model/local-api-diagnose.ts'
import type { Ended, Following } from '../system/follow.ts'
import type { Door } from './door.ts'

export interface NameQuestion {
  readonly name: string
  readonly type: DnsType
  /** Empty: those of the machine. */
  readonly servers: readonly string[]
  /** The address that it is asked from; null: whichever. */
  readonly from: string | null
  readonly signal: AbortSignal
}

export interface NameAnswer {
  /** As people read them, at most 32. Empty: there are none. */
  readonly records: readonly string[]
  /** Why there is none, in the resolver's word (`ENOTFOUND`, `ETIMEOUT` …); null: there are some. */
  readonly code: string | null
}

export interface PageQuestion {
  /** An address, as a name would be asked for by whichever uplink. */
  readonly address: string
  readonly port: number
  readonly host: string
  readonly path: string
  readonly from: string
  readonly signal: AbortSignal
}

export interface Tools {
  /** @throws HOST_COMMAND_FAILED when it does not start; what `onData` threw */
  follow(argv: readonly string[], following: Following): Promise<Ended>
  /** Never throws. */
  ask(question: NameQuestion): Promise<NameAnswer>
  /** Status and where it sends one to; null: nothing answered. */
  page(question: PageQuestion): Promise<{ readonly status: number; readonly to: string } | null>
  /** What the kernel knows of a neighbour: its link address; null: none. @throws HOST_COMMAND_ errors */
  neighbour(device: string, address: string): Promise<string | null>
  /** Of the firewall, from the overlay; it closes by itself after so long. @throws HOST_COMMAND_ errors */
  openDoor(door: Door, seconds: number): Promise<void>
  /** @throws HOST_COMMAND_ errors */
  closeDoor(door: Door): Promise<void>
}
