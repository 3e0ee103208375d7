/**
 * Proves that every LAN host reaches every other: a file over TCP whose hash is compared, datagrams over UDP in IPv6
 * that come back byte for byte, and pings in both families and segments, for each ordered pair of sites; and that none
 * reaches the other segment. `npm start -- --once` is this.
 */
import { plantDrop } from './faults.ts'
import {
  awaitReachable,
  type Exchanged,
  echoPort,
  exchangeDatagrams,
  type Fetched,
  fetchFile,
  hostAddress,
  ping,
} from './hosts.ts'
import type { Lab } from './lab.ts'
import { align } from './table.ts'

const fileBytes = 4_000_000
const datagrams = { count: 20, maxBytes: 3_000 }
const pings = { count: 5, intervalMs: 20 }
const families = [4, 6] as const

/** The faults that show that the proof can fail. */
export type OnceFault = 'corrupt-file' | 'drop-udp'

export interface PairProof {
  readonly from: string
  readonly to: string
  readonly file: Fetched | null
  readonly exchange: Exchanged | null
  readonly rttMs: number | null
  /** How the other segment fares: its hosts reach each other, and the first one's do not reach them. */
  readonly cameras: string | null
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
  const rows = proofs.map(({ from, to, file, exchange, rttMs, cameras, problem }) => [
    `${from} → ${to}`,
    file === null ? '–' : `${(file.bytes / 1e6).toFixed(0)} MB in ${file.ms.toFixed(0)} ms`,
    exchange === null ? '–' : `${exchange.equal}/${exchange.sent}`,
    rttMs === null ? '–' : `${rttMs.toFixed(2)} ms`,
    cameras ?? '–',
    problem ?? 'equal',
  ])
  return align(
    [['', 'TCP file', 'UDP echoes, IPv6', 'ping', 'cameras', 'content'], ...rows],
    [0, 4, 5],
  )
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
  let cameras: string | null = null
  try {
    await awaitReachable(lab, from, to)
    const isCorrupt = fault === 'corrupt-file' && seed === 1
    file = await fetchFile(lab, from, to, { seed, bytes: fileBytes, isCorrupt })
    exchange = await exchangeDatagrams(lab, from, to, { ...datagrams, family: 6 })
    const rtts = await ping(lab, from, to, pings)
    rttMs = rtts.length < pings.count ? null : Math.min(...rtts)
    const flaw = await flawOfSegments(lab, from, to)
    if (flaw === null) cameras = 'apart'
    const problem = !file.isEqual
      ? 'file differs'
      : exchange.equal < exchange.sent
        ? 'UDP content differs or is missing'
        : rttMs === null
          ? `${pings.count - rtts.length} pings lost`
          : flaw
    return { from, to, file, exchange, rttMs, cameras, problem }
  } catch (error) {
    if (lab.stopping.aborted) throw error
    return { from, to, file, exchange, rttMs, cameras, problem: (error as Error).message }
  }
}

/** What is wrong with the second segment between two sites, in words; null if nothing. */
async function flawOfSegments(lab: Lab, from: string, to: string): Promise<string | null> {
  const flaws = await Promise.all(
    families.map(async (family) => {
      const target = hostAddress(lab, `${to}-cameras`, family)
      await awaitReachable(lab, `${from}-cameras`, `${to}-cameras`, family)
      const argv = ['ping', '-n', '-c', '2', '-i', '0.1', '-W', '1', target]
      const { code } = await lab.attempt(`${from}-host`, argv)
      return code === 0 ? `IPv${family} crosses from office into cameras` : null
    }),
  )
  return flaws.find((flaw) => flaw !== null) ?? null
}
