/** Fleets for tests: so many sites with a box each, of which some are hubs. */
import { generateKeyPairSync } from 'node:crypto'
import type { FleetDocument, FleetSite } from '../../../firmware/model/fleet.ts'
import type { Box } from '../../../firmware/plan/fleet.ts'

export const tenant = '8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11'

export const network: FleetDocument = {
  kind: 'network',
  name: 'acme',
  tenant,
  overlay: { port: 51_820 },
}
export const office: FleetDocument = {
  kind: 'segment',
  name: 'office',
  breakout: true,
  pools: ['main'],
}
export const main: FleetDocument = { kind: 'pool', name: 'main', prefix: '10.0.0.0/12', bits: 24 }

export function siteOf(name: string, more: Partial<FleetSite> = {}): FleetSite {
  return {
    kind: 'site',
    name,
    edge: deviceIdOf(name),
    uplinks: [{ name: 'wan0', nic: 'netdev:eth0', address: 'dhcp' }],
    lans: [{ name: 'lan0', nic: 'netdev:eth1', segment: 'office', dhcp: true }],
    ...more,
  }
}

export function hubOf(name: string, endpoint: string, more: Partial<FleetSite> = {}): FleetSite {
  return siteOf(name, { role: 'hub', endpoints: [endpoint], ...more })
}

export function deviceIdOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)
}

const keys = new Map<string, string>()

export function boxOf(name: string): Box {
  let wireKey = keys.get(name)
  if (wireKey === undefined) {
    const { publicKey } = generateKeyPairSync('x25519')
    wireKey = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')
    keys.set(name, wireKey)
  }
  return { deviceId: deviceIdOf(name), wireKey }
}
