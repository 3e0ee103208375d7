/**
 * The datapath process: the native module behind a unix socket, and nothing else. It goes on forwarding while the
 * gateway process is away, and spawns no child.
 */
import { dirname } from 'node:path'
import { openAddon } from '../host/datapath/addon.ts'
import { serveAddon } from '../host/datapath/server.ts'
import { freeHugepagesMb } from '../host/system/hugepages.ts'
import type { Log } from '../host/system/log.ts'

export interface DatapathParts {
  readonly socketPath: string
  readonly log: Log
  /** Packet memory, of hugepages where that many are free: 128–4,096 MiB. */
  readonly memoryMb: number
  /** Places in the table of flows. */
  readonly flows: number
  /** The CPU that its worker has to itself; null: it shares those of the process. */
  readonly workerCpu: number | null
  readonly aead: 'auto' | 'ipsec-mb' | 'openssl'
}

/** @throws DATAPATH_REFUSED, DATAPATH_BUSY */
export async function serveDatapath(parts: DatapathParts): Promise<AsyncDisposable> {
  const { socketPath, log, memoryMb, flows, workerCpu, aead } = parts
  const ownCpu = workerCpu === null ? 0 : workerCpu + 1
  const noHugepages = freeHugepagesMb() < memoryMb
  if (noHugepages) {
    log.warn({ detail: `${memoryMb} MiB wanted` }, 'too few free hugepages: slower without')
  }
  const addon = openAddon({
    ...{ memoryMb, flows, ownCpu, noHugepages, aead },
    runFolder: dirname(socketPath),
  })
  const server = await serveAddon(socketPath, addon)
  log.info({}, 'datapath ready')
  return {
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await addon[Symbol.asyncDispose]()
    },
  }
}
