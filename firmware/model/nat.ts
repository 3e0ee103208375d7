/**
 * What the NATs and walls on the way of an uplink do to its datagrams, in the words of RFC 4787: how a local address and
 * port look to others (mapping), and whose datagrams come back through it (filtering). Pure data.
 */
import type { Endpoint, Family } from './address.ts'

/** RFC 8489 §14.3; at a hub the other port of RFC 5780, besides the overlay's. */
export const stunPort = 3478

/** Local ports, above those that the kernel gives away by itself, from which filtering is tested: each test by a fresh one. */
export const filteringPorts = { first: 61_000, count: 64 }

/** Which destinations see one mapped address and port (RFC 4787 §4.1). `none`: others see the own one. */
export const natMappings = [
  'unknown',
  'none',
  'endpoint-independent',
  'address-dependent',
  'address-and-port-dependent',
] as const
export type NatMapping = (typeof natMappings)[number]

/** Who may send to what is mapped (RFC 4787 §5): anybody; addresses, or addresses and ports, that were sent to before. */
export const natFilterings = [
  'unknown',
  'endpoint-independent',
  'address-dependent',
  'address-and-port-dependent',
] as const
export type NatFiltering = (typeof natFilterings)[number]

/** What is known of one uplink's overlay socket of one family. */
export interface UplinkNat {
  readonly uplink: string
  readonly family: Family
  /** The overlay socket: its own address, and the overlay's port. */
  readonly local: Endpoint
  /** How others see it (server-reflexive, RFC 8445); of a mapping by destination the one made last. Null: nobody said. */
  readonly mapped: Endpoint | null
  readonly mapping: NatMapping
  readonly filtering: NatFiltering
  /** From one mapped port to that of the next destination; 0: they do not count, or nobody knows. */
  readonly portStep: number
  /** Servers were asked and none answered. */
  readonly isBlocked: boolean
  /** Servers, in order of asking; several may be ports of one host. */
  readonly asked: readonly Endpoint[]
  readonly answered: readonly Endpoint[]
  /** Of the gateway's clock. */
  readonly testedAtMs: number
}

/** Whether different destinations see different mappings. */
export function isSymmetric({ mapping }: Pick<UplinkNat, 'mapping'>): boolean {
  return mapping === 'address-dependent' || mapping === 'address-and-port-dependent'
}
