/**
 * Which box has which wire key, in the store under `wire/KEY`: two boxes with one would be told of as one, and by the request of one
 * box nobody can tell that a key that it names is another's. Whoever brought a key first has it, until it brings another or is released.
 */
import type { Change, Commit, Store } from '../host/store/store.ts'
import { CausewayError } from '../model/errors.ts'

/**
 * What is to be committed with a box's entry when its key changes; so each entry here is of a box that has that key.
 * @param wireKey base64; null: none
 * @throws ZTP_WIRE_KEY_TAKEN another box has it
 */
export async function wireKeyCommit(
  store: Store,
  deviceId: string,
  before: string | null,
  wireKey: string | null,
): Promise<Commit> {
  const left = before === null || before === wireKey ? [] : await keyLeft(store, deviceId, before)
  if (wireKey === null) return { conditions: [], changes: left }
  const key = wireKeyKey(wireKey)
  const there = await store.get(key)
  if (there !== null && there.value !== deviceId) {
    throw new CausewayError('ZTP_WIRE_KEY_TAKEN', 'another box has this wire key')
  }
  const taken = there === null ? [{ key, value: deviceId }] : []
  return { conditions: [{ key, revision: there?.revision ?? 0 }], changes: [...left, ...taken] }
}

/** The key is nobody's any more. */
export async function keyLeft(store: Store, deviceId: string, wireKey: string): Promise<Change[]> {
  const key = wireKeyKey(wireKey)
  return (await store.get(key))?.value === deviceId ? [{ key, value: null }] : []
}

function wireKeyKey(wireKey: string): string {
  return `wire/${Buffer.from(wireKey, 'base64').toString('base64url')}`
}
