/**
 * The in-memory half of the bench: the whole graph on one core without the kernel (native/test/memory_bench.c), beside
 * the bare AEAD and a bare Geneve+GCM loop in the same run.
 */
import { join } from 'node:path'
import { CausewayError } from '../../firmware/model/errors.ts'
import { attempt } from '../lab/command.ts'
import { align } from '../lab/table.ts'

/** Millions of packets a second; `toBare`: their ratio to the bare AEAD's, paired round by round. */
export interface Rate {
  readonly mpps: number
  readonly toBare: number
}

export interface SizeFigures {
  /** Of the inner packet, and of the bare AEAD's text. */
  readonly bytes: number
  readonly sealBare: Pick<Rate, 'mpps'>
  readonly openBare: Pick<Rate, 'mpps'>
  readonly sealLoop: Rate
  readonly openLoop: Rate
  /** Of IPv4 inside, then of IPv6. */
  readonly sealGraph: Rate
  readonly openGraph: Rate
  readonly sealGraph6: Rate
  readonly openGraph6: Rate
  /** IPv4 inside, by an uplink with a rate that it does not reach; beside `sealGraph`. */
  readonly sealShaped: { readonly mpps: number; readonly toGraph: number }
}

export interface InMemory {
  readonly aead: string
  readonly rounds: number
  readonly in: number
  readonly out: number
  readonly compared: number
  readonly wrong: number
  readonly drops: string
  /** What an uplink's scheduler takes with 1,000 peers that have something waiting. */
  readonly qosBytes: number
  readonly sizes: readonly SizeFigures[]
}

export type InMemoryFault = 'slow-graph' | 'slow-shaped' | 'lost-packet'

const ownBinary = join(import.meta.dirname, '../../native/out/test/memory_bench')
const timeoutMs = 60_000

/** @param binary another build of the bench */
export async function measureInMemory(
  rounds: number,
  fault?: InMemoryFault,
  binary = ownBinary,
): Promise<InMemory> {
  const argv = [binary, String(rounds), ...(fault === undefined ? [] : [fault])]
  const { stdout, stderr } = await attempt(argv, { timeoutMs })
  try {
    return JSON.parse(stdout) as InMemory
  } catch {
    throw new CausewayError('LAB_PROGRAM', `memory_bench gave no figures: ${stderr}`)
  }
}

export function inMemoryTable({ aead, rounds, sizes }: InMemory): string {
  const cell = ({ mpps, toBare }: Rate): string =>
    `${mpps.toFixed(2)} (${(toBare * 100).toFixed(0)} %)`
  const rows = sizes.map((size) => [
    `${size.bytes} B`,
    size.sealBare.mpps.toFixed(2),
    cell(size.sealLoop),
    cell(size.sealGraph),
    cell(size.sealGraph6),
    size.openBare.mpps.toFixed(2),
    cell(size.openLoop),
    cell(size.openGraph),
    cell(size.openGraph6),
  ])
  const head = ['', 'seal: AEAD', 'loop', 'graph v4', 'v6', 'open: AEAD', 'loop', 'graph v4', 'v6']
  const title = `in memory, one core, single packets: Mpps and share of the bare AEAD (${aead}, median of ${rounds})`
  return `${title}\n\n${align([head, ...rows])}`
}
