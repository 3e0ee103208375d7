/** What a box finds of NICs before it has a configuration: what the kernel's sysfs says of each. */

export interface MachineNic {
  readonly name: string
  readonly mac: string
  /** `other`: part of the board itself, or a virtual machine's. */
  readonly bus: 'pci' | 'usb' | 'other'
  /** Of a PCI NIC its bus address, `0000:01:00.0`; of others the path to them: their order is that of this text. */
  readonly place: string
  /** The kernel's; null: none drives it. */
  readonly driver: string | null
  readonly isWireless: boolean
  /**
   * PCI addresses of what shares its IOMMU group and is no bridge, without itself; null: it has no group, or what it reads and
   * writes passes no IOMMU.
   */
  readonly iommuMates: readonly string[] | null
}

/** The port that stays with the kernel. */
export interface RecoveryPort {
  /** Name in the kernel. */
  readonly nic: string
  /** With its length. */
  readonly address: string
}

/** What a configuration wants of the machine before its ports can be opened. */
export interface WantedHardware {
  /** PCI addresses of NICs for DPDK. */
  readonly devices: readonly string[]
  readonly recovery: RecoveryPort | null
}

/** What `causeway prepare` is asked for by the gateway. */
export interface HardwareOrder extends WantedHardware {
  /** PCI addresses of NICs that go back to the kernel. */
  readonly released: readonly string[]
}
