/** All entries below a prefix, read page by page: what a store holds is more than one answer takes. */
import { type Entry, mostPage, type Store } from './store.ts'

/** In the order of their keys; pages are of different moments, as of `Store.range`. @throws STORE_ errors */
export async function* entriesBelow(store: Store, prefix: string): AsyncGenerator<Entry, void> {
  for (let after: string | undefined; ; ) {
    const range = { prefix, limit: mostPage, ...(after === undefined ? {} : { after }) }
    const { entries, hasMore } = await store.range(range)
    yield* entries
    if (!hasMore) return
    after = entries.at(-1)!.key
  }
}
