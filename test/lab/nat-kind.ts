/** The kinds of NAT that a lab has, by the behaviour that RFC 4787 names. Data only; nat.ts makes them. */

/** RFC 4787 §4.1, §5: what a mapping, and what is let in by it, depends on. */
export type NatDependence = 'endpoint-independent' | 'address' | 'address-and-port'

export interface NatBehaviour {
  readonly mapping: NatDependence
  readonly filtering: NatDependence
}

/** Routers that translate. `port-443` lets no UDP out but to that port; `symmetric-counting` gives each mapping the next port. */
export const natBehaviours = {
  'full-cone': { mapping: 'endpoint-independent', filtering: 'endpoint-independent' },
  restricted: { mapping: 'endpoint-independent', filtering: 'address' },
  'port-restricted': { mapping: 'endpoint-independent', filtering: 'address-and-port' },
  symmetric: { mapping: 'address-and-port', filtering: 'address-and-port' },
  'symmetric-counting': { mapping: 'address-and-port', filtering: 'address-and-port' },
  'port-443': { mapping: 'endpoint-independent', filtering: 'address-and-port' },
} as const satisfies Readonly<Record<string, NatBehaviour>>

export type NatKind = keyof typeof natBehaviours

/** What may stand before a box of the acceptance's matrix: nothing, one router, or a carrier's NAT before a home router's, both port-restricted. */
export const accessKinds = [
  'none',
  'full-cone',
  'restricted',
  'port-restricted',
  'symmetric',
  'carrier',
  'port-443',
] as const
export type AccessKind = (typeof accessKinds)[number]
