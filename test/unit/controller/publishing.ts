/** A publisher for tests: one round at a time, as if each were a controller's first. */
import type { KeyObject } from 'node:crypto'
import { Fleets } from '../../../firmware/controller/fleets.ts'
import { Ledger } from '../../../firmware/controller/ledger.ts'
import { type PublishResult, publishFleet } from '../../../firmware/controller/publish.ts'
import { PublishedBook } from '../../../firmware/controller/published.ts'
import type { Store } from '../../../firmware/host/store/store.ts'

export async function publishOnce(
  store: Store,
  tenant: string,
  signingKey: KeyObject,
): Promise<PublishResult> {
  await using fleets = new Fleets(store)
  const book = new PublishedBook()
  return publishFleet({ fleets, signingKey, book, ledger: new Ledger(store, book) }, tenant)
}
