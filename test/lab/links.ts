/**
 * Switches the offloads of a lab's WAN links. veth hands buffers of 64 KB across a "1500 byte" link unless
 * they are off: both ways are worth measuring, and only the second shows frames as a real wire carries them.
 */

import type { Lab } from './lab.ts'
import { readNamespaces } from './machine.ts'

const segmentation = ['tso', 'gso', 'tx-udp-segmentation'] as const

/**
 * GRO of a gateway's own WAN NIC: veth's default is `off`, that of real NICs `on`; `own` leaves it to the gateway, which may
 * set up its NICs itself.
 */
export type NicGro = 'off' | 'on' | 'own'

/** Sets both ends of every uplink: `real` means frames of at most 1500 bytes. Over an emulated link they are that anyway. */
export async function setWanFrames(lab: Lab, frames: 'veth' | 'real', gro: NicGro): Promise<void> {
  const value = frames === 'real' ? 'off' : 'on'
  const features = segmentation.flatMap((feature) => [feature, value])
  const nicGro = gro === 'own' ? [] : ['gro', gro]
  await Promise.all(
    lab.sites.flatMap(({ name, wans }) => {
      // The gateway takes its NICs into a namespace of their own.
      const isTaken = readNamespaces().includes(lab.names.nics(name))
      const box = isTaken ? `${name}-nics` : name
      return wans.flatMap(({ link, nic, emulated }) => {
        const cut = emulated === undefined ? features : []
        const own = [...cut, ...nicGro]
        return [
          lab.exec('internet', ['ethtool', '-K', link, ...cut, 'gro', 'off']),
          ...(own.length === 0 ? [] : [lab.exec(box, ['ethtool', '-K', nic, ...own])]),
        ]
      })
    }),
  )
}
