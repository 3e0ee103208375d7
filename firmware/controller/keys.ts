/** Where things are in the store: what more than one file reads or writes, or watches, stands here once. */
import { publishedPrefix } from '../model/controller-keys.ts'

/** The box of a tenant (edges.ts). @param deviceId the beginning of one: all that begin so, as of each here */
export function edgeKey(deviceId: string): string {
  return `edge/${deviceId}`
}

/** A device that asks to be owned (claims.ts). */
export function claimKey(deviceId: string): string {
  return `claim/${deviceId}`
}

/** What was published for a box (published.ts). */
export function publishedKey(deviceId: string): string {
  return publishedPrefix + deviceId
}

/** What a box has said of what was published for it (applied.ts). */
export function appliedKey(deviceId: string): string {
  return `applied/${deviceId}`
}

/** The word that a box was let go (release.ts). */
export function releasedKey(deviceId: string): string {
  return `released/${deviceId}`
}

/** That there is such a tenant (tenants.ts). */
export function tenantKey(name: string): string {
  return `tenant/${name}`
}

/** @param name `site/berlin` */
export function documentKey(tenant: string, name: string): string {
  return `${tenant}/doc/${name}`
}

/** What was given out of a tenant's pools. */
export function allocationKey(tenant: string, name: string): string {
  return `${tenant}/alloc/${name}`
}

/** A firmware file (firmware.ts). @param name `VERSION/ARCHITECTURE` */
export function firmwareKey(name: string): string {
  return `firmware/${name}`
}

/** The last rollout of a tenant (rollouts.ts). @param tenant empty: of all */
export function rolloutKey(tenant: string): string {
  return `rollout/last/${tenant}`
}

/** @param deviceId empty: all boxes of the last rollout of a tenant */
export function rolloutBoxKey(tenant: string, deviceId: string): string {
  return `rollout/box/${tenant}/${deviceId}`
}
