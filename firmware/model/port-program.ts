/** Ports of a program, and what goes first where an uplink is full. A part of program.ts. */
import type { Marks } from './device-config-qos.ts'
import type { Network } from './policy-program.ts'

/** A NIC that the datapath owns, with its kernel twin. */
export interface PortProgram {
  /** Name of the twin, a persistent multi-queue TAP in the datapath's own network namespace. */
  readonly twin: string
  /** `netdev`: a NIC that the kernel drives. `pmd`: a device of DPDK's, by its bus address or `net_…,key=value`. */
  readonly kind: 'netdev' | 'pmd'
  /** Name of the NIC (at most 15 bytes for a netdev, 63 for a pmd), and of the network namespace that holds a netdev
   *  (`''`: the own one). */
  readonly nic: string
  readonly nicNetns: string
  readonly role: 'uplink' | 'lan'
  /** Number of the uplink on the wire (0–255); 0 for a LAN. */
  readonly uplink: number
  /** The segment that a LAN belongs to, by name; '' for an uplink. */
  readonly segment: string
  /** UDP port of the overlay; 0 for a LAN. */
  readonly overlayPort: number
  /** The overlay's too, besides that one; at most 4. */
  readonly overlayPorts: readonly number[]
  /** The first of 256 UDP ports from which sprays leave; 0: none. */
  readonly sprayPort: number
  /** The port has the NIC's frames with this tag (IEEE 802.1Q, 1–4094); 0: the untagged ones. */
  readonly vlan: number
  /** Receive queues of a pmd; 0 is one. */
  readonly queues: number
  /** What the port may send at most, below its NIC's MTU if several ports share that; 0: the NIC's. */
  readonly mtu: number
  /** Kernel routing table that holds the uplink's routes; 254 is `main`. */
  readonly table: number
  /** What an uplink carries outwards, and is given no more than; 0: unknown, and for a LAN. */
  readonly upBps: number
  /** And inwards: peers are told, and send no more. */
  readonly downBps: number
  /** '' for a LAN. */
  readonly network: Network | ''
  readonly isMetered: boolean
  /** For when no path over another uplink is usable. */
  readonly isBackup: boolean
  /** Uplinks of one number fail together; 0: with none. */
  readonly risk: number
  /** By the number of their class: what each gets while the uplink is full. */
  readonly classes: readonly ClassShape[]
  /** What the outside of sealed packets says of them (DSCP). */
  readonly marks: Marks | ''
  /** Percent of `downBps` that what comes from the Internet takes at most; 0 for a LAN. */
  readonly internetPercent: number
}

/** What a class gets of an uplink that is full. */
export interface ClassShape {
  /** Of what strict classes leave; at least 1. */
  readonly weight: number
  /** Percent of the uplink, up to which it goes before all others; 0: it is not strict. */
  readonly capPercent: number
}
