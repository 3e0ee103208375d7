/** What the local API says about LANs and NICs, out of what runs and what the machine says. */
import type { Clock } from '../host/clock/clock.ts'
import { keptFor } from '../host/clock/kept.ts'
import type { Net } from '../host/net/net.ts'
import { CausewayError } from '../model/errors.ts'
import type { HostLease } from '../model/host-lease.ts'
import { composeLans, composeNics } from '../plan/lan-status.ts'
import type { LanParts } from './api/lan-routes.ts'
import type { Core } from './core.ts'

/** NICs are plugged in by hand. */
const keptMs = 5_000

export interface LanAnswerParts {
  readonly clock: Pick<Clock, 'nowMs'>
  readonly net: Pick<Net, 'nicLinks'>
  readonly nicNetns: string
  /** What the hosts of the LANs were lent. */
  readonly hostLeases: () => Promise<HostLease[]>
}

export function lanAnswers(
  { clock, net, nicNetns, hostLeases }: LanAnswerParts,
  { reconciler, telemetry, appliance }: Pick<Core, 'reconciler' | 'telemetry' | 'appliance'>,
): LanParts {
  // Tools are run for it.
  const links = keptFor(
    keptMs,
    () => clock.nowMs(),
    () => net.nicLinks(nicNetns),
  )
  return {
    lans: async () => {
      const hosts = await hostLeases().catch(unread)
      const { running, leases } = reconciler.outcome
      const { counters, rates } = telemetry.reading
      return composeLans({ config: running.config, counters, rates, hosts, leases })
    },
    nics: async () => {
      const found = await links()
      const { config } = reconciler.outcome.running
      const nics = composeNics(found, config, telemetry.reading.counters)
      return { nics, recovery: appliance.recovery }
    },
  }
}

function unread(cause: unknown): never {
  throw new CausewayError('HOST_SYSTEM', 'what was lent cannot be read', { cause })
}
