/** UDP ports of the overlay besides those that the configuration names. Pure. */
import type { Overlay } from '../model/device-config-overlay.ts'

const highestPort = 65_535
/** Of which a NAT makes so many mappings that a peer finds one of them by chance (the datapath's CW_SPRAY_PORTS). */
export const sprayPortCount = 256

/**
 * The first of the ports from which sprays leave: they lie next to the overlay's. 0: there are none, since another of the
 * overlay's is among them.
 */
export function sprayPortOf({ port, ports = [] }: Pick<Overlay, 'port' | 'ports'>): number {
  const first = port + sprayPortCount <= highestPort ? port + 1 : port - sprayPortCount
  return ports.some((one) => one >= first && one < first + sprayPortCount) ? 0 : first
}
