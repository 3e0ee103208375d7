/** Where a box is, for tests that change something of it: one uplink, behind a NAT that filters by port. */
import type { UplinkNat } from '../../../firmware/model/nat.ts'
import type { OwnPlace, OwnUplink } from '../../../firmware/plan/candidate.ts'

export function sampleUplink(change: Partial<OwnUplink> = {}): OwnUplink {
  return {
    ...{ name: 'wan0', number: 1, addresses: ['192.168.2.2/24'] },
    ...{ isMetered: false, network: 'internet' },
    ...change,
  }
}

export function sampleNat(change: Partial<UplinkNat> = {}): UplinkNat {
  return {
    ...{ uplink: 'wan0', family: 4, local: { address: '192.168.2.2', port: 51_820 } },
    mapped: { address: '198.51.100.2', port: 40_000 },
    ...{ mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' },
    ...{ portStep: 0, isBlocked: false, asked: [], answered: [], testedAtMs: 0 },
    ...change,
  }
}

export function samplePlace(change: Partial<OwnPlace> = {}): OwnPlace {
  return {
    ...{ uplinks: [sampleUplink()], nats: [sampleNat()], port: 51_820, ports: [], inside: [] },
    ...change,
  }
}

/** Another box, behind a NAT of its own; each destination sees another port where it is symmetric. */
export function otherPlace(nat: Partial<UplinkNat> = {}): OwnPlace {
  const address = '192.168.3.2'
  const mapped = { address: '192.0.2.2', port: 50_000 }
  return samplePlace({
    uplinks: [sampleUplink({ addresses: [`${address}/24`] })],
    nats: [sampleNat({ local: { address, port: 51_820 }, mapped, ...nat })],
  })
}

export const symmetric = {
  mapping: 'address-and-port-dependent',
  filtering: 'address-and-port-dependent',
} as const
