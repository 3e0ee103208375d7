/**
 * What the NATs before this box do, by uplink and family, for all who may ask: discovery.ts finds it out. A box that relays
 * answers those who want to know the same of themselves, too: stun-server.ts.
 */
import type { Clock } from '../../host/clock/clock.ts'
import type { Family } from '../../model/address.ts'
import type { DeviceConfig } from '../../model/device-config.ts'
import type { UplinkNat } from '../../model/nat.ts'
import { isPrivate } from '../../plan/route.ts'
import { stunServers } from '../../plan/stun.ts'
import type { BindUdp, OpenPorts } from '../uplink-sockets.ts'
import { Discovery } from './discovery.ts'
import { type StunCounters, StunServer } from './stun-server.ts'

export interface Nat {
  /** Of uplinks to the Internet that were tested where they are now; in order of configuration, IPv4 first. */
  readings(): readonly UplinkNat[]
  /** After a reading came, changed or went; never for one that is as before. Returns the way to end it. */
  onChange(handler: () => void): () => void
  /** Has all uplinks tested again, soon: not oftener than once in two seconds. */
  refresh(): void
}

export interface NatFinder extends Nat, Disposable {
  /** After each configuration; tests what is another uplink, address or server than before. */
  configure(ports: OpenPorts, config: DeviceConfig): void
  /** Somebody out there has answered: where no server has, they are asked again. */
  retry(): void
  /** What became of others' questions; null of a box that answers none. */
  counters(): StunCounters | null
}

export interface NatParts {
  readonly clock: Clock
  /** Cryptographically strong: nobody must guess a transaction. */
  readonly random: (bytes: number) => Uint8Array
  readonly bindUdp: BindUdp
  /** Whether a session runs over the uplink, not relayed: UDP passes then, whoever does not answer STUN. */
  readonly isReached: (uplink: string, family: Family) => boolean
}

export function openNat(parts: NatParts): NatFinder {
  const discovery = new Discovery(parts)
  const server = new StunServer(parts.clock)
  let isServing = false
  return {
    readings: () =>
      discovery.readings().map((reading) => {
        const { uplink, family, isBlocked } = reading
        return isBlocked && parts.isReached(uplink, family)
          ? { ...reading, isBlocked: false }
          : reading
      }),
    onChange: (handler) => discovery.onChange(handler),
    refresh: () => discovery.refresh(),
    retry: () => discovery.retry(),
    configure: (ports, config) => {
      isServing = config.overlay.relay !== undefined
      const privates = new Set(config.uplinks.filter(isPrivate).map(({ name }) => name))
      server.configure(isServing ? ports : null, privates)
      // In a network of one's own nobody hides others.
      const outward = ports.overlay.filter(({ name }) => !privates.has(name))
      discovery.configure(outward, stunServers(config))
    },
    counters: () => (isServing ? server.counters() : null),
    [Symbol.dispose]: () => {
      discovery[Symbol.dispose]()
      server[Symbol.dispose]()
    },
  }
}
