/**
 * The datapath process: the native module behind a unix socket, and nothing else. It goes on forwarding while the
 * gateway process is away, and spawns no child.
 */
import { openAddon } from '../host/datapath/addon.ts'
import { serveAddon } from '../host/datapath/server.ts'
import { freeHugepagesMb } from '../host/system/hugepages.ts'
import type { Log } from '../host/system/log.ts'
import type { Places } from '../host/system/places.ts'

/** Packet memory; the stated hugepage budget of a box. */
const memoryMb = 128

/** @throws DATAPATH_REFUSED, DATAPATH_BUSY */
export async function runDatapath(places: Places, log: Log): Promise<AsyncDisposable> {
  const noHugepages = freeHugepagesMb() < memoryMb
  if (noHugepages) {
    log.warn({ detail: `${memoryMb} MiB wanted` }, 'too few free hugepages: slower without')
  }
  const addon = openAddon({ memoryMb, noHugepages, aead: 'auto' })
  const server = await serveAddon(places.datapathSocket, addon)
  log.info({}, 'datapath ready')
  return {
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await addon[Symbol.asyncDispose]()
    },
  }
}
