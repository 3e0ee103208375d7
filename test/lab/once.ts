/**
 * Proves that every LAN host reaches every other: a file over TCP whose hash is compared, datagrams over UDP
 * that come back byte for byte, and pings, for each ordered pair. `npm start -- --once` is this.
 */
import { plantDrop } from './faults.ts'
import {
  awaitReachable,
  type Exchanged,
  echoPort,
  exchangeDatagrams,
  type Fetched,
  fetchFile,
  ping,
} from './hosts.ts'
import type { Lab } from './lab.ts'
import { align } from './table.ts'

const fileBytes = 4_000_000
const datagrams = { count: 20, maxBytes: 3_000 }
const pings = { count: 5, intervalMs: 20 }

/** The faults that show that the proof can fail. */
export type OnceFault = 'corrupt-file' | 'drop-udp'

export interface PairProof {
  readonly from: string
  readonly to: string
  readonly file: Fetched | null
  readonly exchange: Exchanged | null
  readonly rttMs: number | null
  /** What kept the pair from being proven, in words; null when it is. */
  readonly problem: string | null
}

export async function proveReachability(lab: Lab, fault?: OnceFault): Promise<PairProof[]> {
  if (fault === 'drop-udp') {
    await plantDrop(lab, `${lab.sites[0]!.name}-host`, 'input', `udp dport ${echoPort}`)
  }
  const sites = lab.sites.map(({ name }) => name)
  const pairs = sites.flatMap((from) =>
    sites.filter((to) => to !== from).map((to) => ({ from, to })),
  )
  const proofs: PairProof[] = []
  for (const [index, { from, to }] of pairs.entries()) {
    proofs.push(await provePair(lab, from, to, index + 1, fault))
  }
  return proofs
}

/** One row a pair, and the verdict of each. */
export function proofTable(proofs: readonly PairProof[]): string {
  const rows = proofs.map(({ from, to, file, exchange, rttMs, problem }) => [
    `${from} → ${to}`,
    file === null ? '–' : `${(file.bytes / 1e6).toFixed(0)} MB in ${file.ms.toFixed(0)} ms`,
    exchange === null ? '–' : `${exchange.equal}/${exchange.sent}`,
    rttMs === null ? '–' : `${rttMs.toFixed(2)} ms`,
    problem ?? 'equal',
  ])
  return align([['', 'TCP file', 'UDP echoes', 'ping', 'content'], ...rows], [0, 4])
}

async function provePair(
  lab: Lab,
  from: string,
  to: string,
  seed: number,
  fault: OnceFault | undefined,
): Promise<PairProof> {
  let file: Fetched | null = null
  let exchange: Exchanged | null = null
  let rttMs: number | null = null
  try {
    await awaitReachable(lab, from, to)
    const isCorrupt = fault === 'corrupt-file' && seed === 1
    file = await fetchFile(lab, from, to, { seed, bytes: fileBytes, isCorrupt })
    exchange = await exchangeDatagrams(lab, from, to, datagrams)
    const rtts = await ping(lab, from, to, pings)
    rttMs = rtts.length < pings.count ? null : Math.min(...rtts)
    const problem = !file.isEqual
      ? 'file differs'
      : exchange.equal < exchange.sent
        ? 'UDP content differs or is missing'
        : rttMs === null
          ? `${pings.count - rtts.length} pings lost`
          : null
    return { from, to, file, exchange, rttMs, problem }
  } catch (error) {
    if (lab.stopping.aborted) throw error
    return { from, to, file, exchange, rttMs, problem: (error as Error).message }
  }
}
