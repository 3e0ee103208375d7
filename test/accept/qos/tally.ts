/** Counts what arrives at a place of a lab, by its source: bytes of IP packets, as the place's own kernel sees them. */
import type { Lab } from '../../lab/lab.ts'

export interface Tally {
  /** Bits a second of each source, between two readings. */
  rates(before: TallyReading, after: TallyReading): number[]
  read(): Promise<TallyReading>
}

export interface TallyReading {
  readonly atMs: number
  readonly bytes: readonly number[]
}

/** It counts until the lab goes; one a place. @param sources IPv4 addresses */
export async function startTally(
  lab: Lab,
  where: string,
  sources: readonly string[],
): Promise<Tally> {
  const lines = [
    'table ip tally {',
    ...sources.map((_, at) => `counter from${at} {}`),
    'chain arriving { type filter hook input priority 0;',
    ...sources.map((source, at) => `ip saddr ${source} counter name from${at}`),
    '}',
    '}',
  ]
  await lab.exec(where, ['nft', '-f', '-'], { input: `${lines.join('\n')}\n` })
  return {
    read: () => read(lab, where, sources.length),
    rates: (before, after) =>
      after.bytes.map(
        (bytes, at) => ((bytes - before.bytes[at]!) * 8_000) / (after.atMs - before.atMs),
      ),
  }
}

async function read(lab: Lab, where: string, count: number): Promise<TallyReading> {
  const beganMs = performance.now()
  const text = await lab.exec(where, ['nft', '-j', 'list', 'counters', 'table', 'ip', 'tally'])
  const atMs = (beganMs + performance.now()) / 2
  const { nftables } = JSON.parse(text) as {
    readonly nftables: readonly {
      readonly counter?: { readonly name: string; readonly bytes: number }
    }[]
  }
  const bytes = Array.from(
    { length: count },
    (_, at) => nftables.find(({ counter }) => counter?.name === `from${at}`)?.counter?.bytes ?? 0,
  )
  return { atMs, bytes }
}
