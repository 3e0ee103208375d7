/**
 * Writes what an admin would bring to each box: its configuration and its wire key, with every peer's public
 * key in place. Forms as in CONTRACTS: /etc/causeway/NAME/device.yaml, /var/lib/causeway/NAME/keys/wire.key.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { formatEndpoint } from '../../firmware/model/address.ts'
import type { DeviceConfig } from '../../firmware/model/device-config.ts'
import type { Uplink } from '../../firmware/model/device-config-uplink.ts'
import {
  bare,
  type Family,
  type LabDescription,
  type LanDescription,
  type SiteDescription,
  type WanDescription,
} from './description.ts'
import { isPeer, prefixesBy } from './hub-sites.ts'
import type { LabNames } from './names.ts'

export const tenant = '8c1f0e6a-5b1e-4a83-9a41-0d7f2f6f2c11'
export const overlayPort = 51820
/** What somebody has for a blank box and types into it: it lies beside, where no box looks. */
export const plannedFile = 'planned.yaml'
/** A port that no wall stops, and forwarding between those who cannot reach each other. */
export const hubOverlay = { ports: [443], relay: {} }

export function writeSiteFiles(description: LabDescription, names: LabNames): void {
  const keys = new Map(description.sites.map(({ name }) => [name, makeWireKey()]))
  for (const site of description.sites) {
    const instance = names.instance(site.name)
    const keyFolder = `/var/lib/causeway/${instance}/keys`
    mkdirSync(keyFolder, { recursive: true, mode: 0o700 })
    const pem = keys.get(site.name)!.export({ type: 'pkcs8', format: 'pem' })
    writeFileSync(`${keyFolder}/wire.key`, pem, { mode: 0o600 })
    mkdirSync(`/etc/causeway/${instance}`, { recursive: true, mode: 0o755 })
    const text = stringify(deviceConfig(description, site, keys))
    const isTyped = site.isBlank === true || site.isVm === true
    const name = isTyped ? plannedFile : 'device.yaml'
    writeFileSync(`/etc/causeway/${instance}/${name}`, text, { mode: 0o600 })
  }
}

function deviceConfig(
  description: LabDescription,
  own: SiteDescription,
  keys: ReadonlyMap<string, KeyObject>,
): DeviceConfig {
  const { sites, segments, acl, policies, endpoints = [4], rekeySeconds } = description
  const { isHubAndSpoke = false } = description
  const hasHub = sites.some(({ isHub }) => isHub === true)
  return {
    version: 1,
    revision: 1,
    site: own.name,
    tenant,
    overlay: {
      port: overlayPort,
      ...(own.isHub === true ? hubOverlay : {}),
      ...(own.isHub === true && isHubAndSpoke ? { transit: true } : {}),
      ...(rekeySeconds === undefined ? {} : { rekeySeconds }),
    },
    uplinks: uplinksOfSite(own),
    segments: [...segments],
    lans: lansOfSite(own),
    peers: sites
      .filter((site) => site.name !== own.name && (!isHubAndSpoke || isPeer(own, site)))
      .map((site) => ({ ...site, isHub: site.isHub === true, site }))
      .map(({ name, lans, wans, isHub, site }) => ({
        name,
        ...(isHub ? { role: 'hub' as const } : {}),
        wireKey: publicWireKey(keys.get(name)!),
        endpoints: isHub === hasHub ? endpointsOf(wans, endpoints, isHub) : [],
        segments: isHubAndSpoke
          ? prefixesBy(own, site, sites, prefixesOf)
          : Object.fromEntries(lans.map((lan) => [lan.segment, prefixesOf(lan)])),
      })),
    ...(acl === undefined ? {} : { acl: [...acl] }),
    ...(policies === undefined ? {} : { policies: [...policies] }),
  }
}

export function lansOfSite({ lans }: SiteDescription): DeviceConfig['lans'] {
  return lans.map(({ nic, segment, address, v6 }, index) => ({
    name: `lan${index}`,
    nic: `netdev:${nic}`,
    segment,
    address: [address, ...(v6 === undefined ? [] : [v6.address])],
  }))
}

export function uplinksOfSite({ wans }: SiteDescription): Uplink[] {
  return wans.map((wan) => ({
    name: wan.name,
    nic: `netdev:${wan.nic}`,
    ...uplinkAddresses(wan),
    ...wan.more,
  }))
}

/** Where others can call a site; a hub at another port too. */
export function endpointsOf(
  wans: readonly WanDescription[],
  families: readonly Family[],
  isHub: boolean,
): string[] {
  const ports = isHub ? [overlayPort, ...hubOverlay.ports] : [overlayPort]
  return wans
    .flatMap((wan) => families.map((family) => outerAddress(wan, family)))
    .filter((address) => address !== undefined)
    .flatMap((address) => ports.map((port) => formatEndpoint({ address: bare(address), port })))
}

/** Where others can call it; behind a NAT nowhere. */
function outerAddress({ address, v6, nat }: WanDescription, family: Family): string | undefined {
  if (nat !== undefined) return undefined
  return family === 4 ? address : v6?.address
}

function uplinkAddresses({
  address,
  gateway,
  v6,
  isDhcp,
}: WanDescription): Pick<Uplink, 'address' | 'gateway' | 'gateway6'> {
  if (isDhcp === true) return { address: 'dhcp' }
  const all = [address, ...(v6 === undefined ? [] : [v6.address])]
  const gateway6 = v6 === undefined ? {} : { gateway6: bare(v6.gateway) }
  return { address: all, gateway: bare(gateway), ...gateway6 }
}

function prefixesOf({ prefix, v6 }: LanDescription): string[] {
  return [prefix, ...(v6 === undefined ? [] : [v6.prefix])]
}

function makeWireKey(): KeyObject {
  return generateKeyPairSync('x25519').privateKey
}

/** The 32 bytes of RFC 7748 as base64. */
function publicWireKey(key: KeyObject): string {
  const { x } = createPublicKey(key).export({ format: 'jwk' }) as { x: string }
  return Buffer.from(x, 'base64url').toString('base64')
}
