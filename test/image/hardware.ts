/**
 * The machines that the appliance is tried on, as arguments of QEMU: x86-64 with an IOMMU, so that NICs go to DPDK by vfio as on real
 * hardware, and ARM64. Always emulated (TCG): whether a machine has a usable KVM is never asked. Pure.
 */

export type Arch = 'x86_64' | 'arm64'

export interface Hardware {
  readonly arch: Arch
  readonly memoryMiB: number
  readonly cores: number
  /** The disk, as QEMU calls the node that is handed to the guest, and all nodes that it is made of. */
  readonly blockdevs: readonly object[]
  /** The disk forgets what it is told to (TRIM). */
  readonly hasTrim: boolean
  /** QEMU ends where the guest restarts, and says so; otherwise it goes on by itself. */
  readonly endsAtReset: boolean
  /** NICs in the order of their slots on the bus. */
  readonly nics: readonly { readonly tap: string; readonly mac: string }[]
  /** The firmware's own variables: a copy that this machine may write to. */
  readonly variables: string
  readonly qmpSocket: string
}

/** Name of the node that is the guest's disk. */
export const diskNode = 'disk'

interface Kind {
  readonly program: string
  readonly machine: readonly string[]
  readonly firmware: string
  /** What the package brings of the firmware's variables; to be copied. */
  readonly variables: string
  /** Of devices that reach memory through the IOMMU. */
  readonly device: string
}

const kinds: Readonly<Record<Arch, Kind>> = {
  x86_64: {
    program: 'qemu-system-x86_64',
    machine: [
      // Without the fast strings that it promises, and emulates a byte at a time: Linux clears a page by eight bytes then, as it does on
      // processors that have none. Clearing was a third of each start.
      ...['-M', 'q35,kernel-irqchip=split', '-cpu', 'max,erms=off,fsrm=off'],
      ...['-device', 'intel-iommu,intremap=on,caching-mode=on,aw-bits=48'],
      // The chipset's watchdog restarts the machine, as it does on a board.
      ...['-global', 'ICH9-LPC.noreboot=off', '-action', 'watchdog=reset'],
    ],
    firmware: '/usr/share/OVMF/OVMF_CODE_4M.fd',
    variables: '/usr/share/OVMF/OVMF_VARS_4M.fd',
    device: 'disable-legacy=on,iommu_platform=on',
  },
  arm64: {
    program: 'qemu-system-aarch64',
    machine: ['-M', 'virt', '-cpu', 'cortex-a72'],
    firmware: '/usr/share/AAVMF/AAVMF_CODE.fd',
    variables: '/usr/share/AAVMF/AAVMF_VARS.fd',
    device: 'disable-legacy=on',
  },
}

/** Where the firmware's variables are to be copied from. */
export function blankVariables(arch: Arch): string {
  return kinds[arch].variables
}

/** The command line. The serial console is its standard output; the machine stands still until QMP's `cont`. */
export function qemuArgv(hardware: Hardware): readonly string[] {
  const { arch, memoryMiB, cores, blockdevs, hasTrim, endsAtReset } = hardware
  const { nics, variables, qmpSocket } = hardware
  const trim = hasTrim ? 'discard=on,write-zeroes=on' : 'discard=off,write-zeroes=off'
  const kind = kinds[arch]
  return [
    // The processors of a guest in turn, by one thread: with more, one of them may run what another is just patching (Linux does,
    // at its static keys), which real ones are told of and these are not always: the guest's kernel panics.
    ...[kind.program, '-accel', 'tcg,thread=single', '-nodefaults', '-no-user-config'],
    ...kind.machine,
    ...(endsAtReset ? ['-action', 'reboot=shutdown'] : []),
    ...['-S', '-m', String(memoryMiB), '-smp', String(cores)],
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${kind.firmware}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${variables}`],
    ...['-display', 'none', '-monitor', 'none'],
    ...['-chardev', 'stdio,id=serial,signal=off', '-serial', 'chardev:serial'],
    ...['-qmp', `unix:${qmpSocket},server=on,wait=off`],
    ...['-device', 'virtio-rng-pci'],
    ...blockdevs.flatMap((node) => ['-blockdev', JSON.stringify(node)]),
    // Merged requests are logged without their head (write-log.ts).
    ...['-device', `virtio-blk-pci,drive=${diskNode},bootindex=1,request-merging=off,${trim}`],
    ...nics.flatMap(({ tap, mac }, number) => [
      ...['-netdev', `tap,id=${nicName(number)},ifname=${tap},script=no,downscript=no`],
      ...['-device', `virtio-net-pci,${nicOptions(number, mac, kind.device)}`],
    ]),
  ]
}

/** Of a NIC's two halves, for QMP. */
export function nicName(number: number): string {
  return `nic${number}`
}

/** On the bus in their order; nothing is started from the network. */
function nicOptions(number: number, mac: string, device: string): string {
  return `netdev=${nicName(number)},mac=${mac},addr=${10 + number},romfile=,${device}`
}
