/** A store in which others are faster: for races that come out the same each time. */
import type { Commit, Store } from '../../../firmware/host/store/store.ts'

/** As the store, but that something happens before each commit of keys with this prefix. */
export function interrupted(store: Store, prefix: string, before: () => Promise<void>): Store {
  return {
    ...{ get: (key) => store.get(key), range: (range) => store.range(range) },
    ...{ revision: () => store.revision(), backup: () => store.backup() },
    watch: (prefix, after) => store.watch(prefix, after),
    commit: async (commit: Commit) => {
      if (commit.changes.some(({ key }) => key.startsWith(prefix))) await before()
      return store.commit(commit)
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  } satisfies Store
}
