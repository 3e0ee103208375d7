/** Services in memory, for tests: what is wanted runs, leases are what the test says. */
import type { LeaseFacts, ServiceState } from '../../model/service.ts'
import type { Services } from './service.ts'

export interface FakeServices extends Services {
  readonly running: readonly ServiceState[]
  /** Devices, as asked for. */
  readonly renewed: readonly string[]
  /** The DHCP server lends, or takes back. */
  lend(leases: readonly LeaseFacts[]): void
}

export function fakeServices(): FakeServices {
  let running: readonly ServiceState[] = []
  let leases: readonly LeaseFacts[] = []
  const renewed: string[] = []
  const handlers: (() => void)[] = []
  return {
    renewed,
    get running() {
      return running
    },
    lend: (now) => {
      leases = now
      for (const handler of handlers) handler()
    },
    run: async (want) => {
      running = want
    },
    status: () => running.map(({ name }) => ({ name, isSteady: true, restarts: 0 })),
    leases: async () => [...leases],
    renew: async (device) => void renewed.push(device),
    onLease: (handler) => void handlers.push(handler),
    [Symbol.asyncDispose]: async () => {},
  }
}
