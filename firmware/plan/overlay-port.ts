/** UDP ports of the overlay: those that the configuration names, and those that go with them. Pure. */
import type { Overlay } from '../model/device-config-overlay.ts'
import { filteringPorts, stunPort } from '../model/nat.ts'

const lowestPort = 1024
const highestPort = 65_535
/** Of which a NAT makes so many mappings that a peer finds one of them by chance (the datapath's CW_SPRAY_PORTS). */
export const sprayPortCount = 256

const testPorts = [filteringPorts.first, filteringPorts.first + filteringPorts.count - 1] as const

/**
 * The first of the ports from which sprays leave: they lie next to the overlay's, behind it or else before it. 0: there are
 * none, since another port of the overlay, STUN's or one of its tests' is on either side.
 */
export function sprayPortOf({ port, ports = [] }: Pick<Overlay, 'port' | 'ports'>): number {
  const taken = [...[...ports, stunPort].map((one) => [one, one] as const), testPorts]
  const isFree = (from: number): boolean => {
    const last = from + sprayPortCount - 1
    const isMet = taken.some(([first, end]) => first <= last && end >= from)
    return from >= lowestPort && last <= highestPort && !isMet
  }
  return [port + 1, port - sprayPortCount].find(isFree) ?? 0
}

/** Its own first. */
export function overlayPorts({ port, ports = [] }: Pick<Overlay, 'port' | 'ports'>): number[] {
  return [port, ...ports]
}

/** The longest range, last port included, that no port of the overlay or of its tests is in: for what breaks out. */
export function breakoutPorts(overlay: Overlay): readonly [number, number] {
  const spray = sprayPortOf(overlay)
  const taken = [
    ...[...overlayPorts(overlay), stunPort].map((port) => [port, port] as const),
    testPorts,
    ...(spray === 0 ? [] : [[spray, spray + sprayPortCount - 1] as const]),
  ]
  let longest: readonly [number, number] = [lowestPort, lowestPort]
  let from = lowestPort
  const sorted = taken.toSorted(([one], [other]) => one - other)
  for (const [first, last] of [...sorted, [highestPort + 1, highestPort + 1] as const]) {
    if (first - from > longest[1] + 1 - longest[0]) longest = [from, first - 1]
    from = Math.max(from, last + 1)
  }
  return longest
}
