/**
 * A fleet of many made-up boxes as a controller has it after all of them were claimed: registered, with certificates of its owner,
 * before it runs; and the documents that are applied to it. Four hubs, and spokes behind them.
 */
import { generateKeyPair, generateKeyPairSync } from 'node:crypto'
import { promisify } from 'node:util'
import { type Edge, registerEdge } from '../../../firmware/controller/edges.ts'
import { openOwner } from '../../../firmware/controller/owner.ts'
import { Users } from '../../../firmware/controller/users.ts'
import { issueCertificate } from '../../../firmware/host/pki/certificate.ts'
import { deviceIdOf } from '../../../firmware/host/pki/device-key.ts'
import { openLevelTable } from '../../../firmware/host/store/level-table.ts'
import { openStore } from '../../../firmware/host/store/ordered-store.ts'
import { makePrivateFolder } from '../../../firmware/host/system/file.ts'
import { type Places, placesOf } from '../../../firmware/host/system/places.ts'
import type { FleetDocument, FleetSite } from '../../../firmware/model/fleet.ts'

export const tenant = 'acme'
export const hubs = 4
const certificateDays = 30
const dayMs = 86_400_000

/** A box as the simulator is given it. */
export interface EdgeIdentity {
  readonly site: string
  readonly deviceId: string
  /** PEM, PKCS #8. */
  readonly key: string
  /** PEM. */
  readonly certificate: string
}

export interface ManyEdges {
  readonly places: Places
  /** PEM. */
  readonly authority: string
  /** Of an owner, for all. */
  readonly token: string
  readonly edges: readonly EdgeIdentity[]
  readonly documents: readonly FleetDocument[]
}

/** @param folder of the controller, which does not run yet */
export async function makeManyEdges(folder: string, spokes: number): Promise<ManyEdges> {
  const places = placesOf('main', folder)
  const { authority } = await openOwner(places.keyFolder, ['127.0.0.1'], Date.now())
  await makePrivateFolder(places.storeFolder)
  await using store = await openStore(await openLevelTable(places.storeFolder))
  const by = { who: 'test', tenant }
  await store.commit({ conditions: [], changes: [{ key: `tenant/${tenant}`, value: '{}' }] })
  const asked = {
    label: 'test',
    tenant: '*',
    role: 'owner',
    expiresMs: Date.now() + dayMs,
  } as const
  const token = await new Users(store, Date.now).addToken('test', asked)
  const edges: EdgeIdentity[] = []
  for (const site of siteNames(spokes)) {
    const { publicKey, privateKey } = await makeKeys('ec', { namedCurve: 'P-256' })
    const deviceId = deviceIdOf(publicKey)
    const wireKey = makeWireKey()
    const box = { deviceId, wireKey, publicKey }
    const certificate = await issueCertificate(authority, box, certificateDays, Date.now())
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const claimedAt = new Date().toISOString()
    const edge: Edge = { deviceId, tenant, site, wireKey, keeping: 'software', claimedAt }
    await registerEdge(store, by, edge, { what: 'edge.list', target: `site/${site}` }, Date.now())
    edges.push({ site, deviceId, key, certificate })
  }
  const documents = documentsFor(edges)
  return { places, authority: authority.certificate, token, edges, documents }
}

const makeKeys = promisify(generateKeyPair)

function makeWireKey(): string {
  const { publicKey } = generateKeyPairSync('x25519')
  return publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')
}

function siteNames(spokes: number): string[] {
  const names = (count: number, kind: string): string[] =>
    Array.from({ length: count }, (_, at) => `${kind}-${String(at).padStart(4, '0')}`)
  return [...names(hubs, 'hub'), ...names(spokes, 'shop')]
}

function documentsFor(edges: readonly EdgeIdentity[]): FleetDocument[] {
  const tenantId = '8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11'
  return [
    {
      ...{ kind: 'network', name: 'acme', tenant: tenantId, overlay: { port: 51_820 } },
      topology: { kind: 'hubs' },
    },
    { kind: 'pool', name: 'shops', prefix: '10.0.0.0/12', bits: 24 },
    { kind: 'pool', name: 'tills', prefix: '10.64.0.0/12', bits: 26 },
    { kind: 'segment', name: 'office', breakout: true, pools: ['shops'] },
    { kind: 'segment', name: 'tills', pools: ['tills'] },
    { kind: 'application', name: 'stock', order: 1, to: ['10.0.0.0/24'], protocol: 'tcp' },
    voice(150),
    ...edges.map(({ site, deviceId }, at) => siteOf(site, deviceId, at)),
  ] as FleetDocument[]
}

function siteOf(name: string, edge: string, at: number): FleetSite {
  const isHub = at < hubs
  return {
    ...{ kind: 'site', name, edge },
    ...(isHub ? { role: 'hub', endpoints: [`198.51.100.${at + 1}:51820`] } : {}),
    uplinks: [
      { name: 'wan0', nic: 'netdev:enp1s0', address: 'dhcp', up: '40M', down: '250M' },
      { name: 'lte0', nic: 'netdev:wwan0', address: 'dhcp', metered: true, backup: true },
    ],
    lans: [
      { name: 'lan0', nic: 'netdev:enp2s0', segment: 'office', dhcp: true },
      { name: 'till0', nic: 'netdev:enp2s0', vlan: 20, segment: 'tills', dhcp: true },
    ],
  }
}

/** A policy for all sites; each change of the fleet is one of its latency, by which boxes tell one from another. */
export function voice(latencyMs: number): FleetDocument {
  return { kind: 'policy', name: 'voice', order: 1, for: { dscp: ['ef'] }, latencyMs }
}
