/**
 * A box that has tried a later configuration than the controller knows of, as after a restore of an old backup, would never take
 * another one: what was published for it is signed anew, above what it has tried.
 */
import type { KeyObject } from 'node:crypto'
import type { Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'
import type { SignedConfig } from '../model/signed-config.ts'
import { canonicalJson } from '../plan/json-delta.ts'
import { signJws, unverifiedPayload } from '../wire/jws.ts'
import { publishedKey } from './keys.ts'
import type { Published } from './published.ts'

const mostTries = 5

/** Nothing happens where what is published is later already, or there is nothing. @returns whether it was raised */
export async function raiseAbove(
  store: Store,
  deviceId: string,
  tried: number,
  signingKey: KeyObject,
): Promise<boolean> {
  if (tried >= Number.MAX_SAFE_INTEGER - 1) return false
  const key = publishedKey(deviceId)
  for (let round = 0; round < mostTries; round++) {
    const entry = await store.get(key)
    const before = entry === null ? null : (JSON.parse(entry.value) as Published)
    if (entry === null || before === null || before.revision >= tried) return false
    const revision = tried + 1
    const config = { ...(unverifiedPayload(before.jws) as SignedConfig).config, revision }
    const signed = canonicalJson({ version: 1, deviceId, revision, config })
    const jws = await signJws('causeway-config', signed, signingKey)
    const published: Published = { ...before, revision, jws }
    const change = { key, value: JSON.stringify(published) }
    try {
      await store.commit({ conditions: [{ key, revision: entry.revision }], changes: [change] })
      return true
    } catch (error) {
      // Published anew meanwhile, and perhaps not above it.
      if (!(error instanceof CausewayError) || error.code !== 'STORE_CONFLICT') throw error
    }
  }
  return false
}
