/**
 * What many links cost where there is one: the graph in memory of this checkout against that before them, built beside it and
 * run in turns, so that the machine's moods meet both. Needs the history of the repository, hence no short form.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type InMemory, type InMemoryFault, measureInMemory } from '../../bench/in-memory.ts'
import { quantile } from '../../bench/measure.ts'
import { run } from '../../lab/command.ts'
import type { Check, Line } from '../line.ts'

/** The last commit with one path between two sites. */
const before = '1c7a4c5ce76227c9c7517498d769356f497dbb5b'
/** One pair says little: they lie within 20 % of each other. */
const pairs = 61
const rounds = 9
const most = 1.05
const buildMs = 600_000
const root = join(import.meta.dirname, '../../..')
const kinds = ['sealGraph', 'openGraph', 'sealGraph6', 'openGraph6'] as const
const titles = {
  sealGraph: 'seal, IPv4 inside',
  openGraph: 'open, IPv4 inside',
  sealGraph6: 'seal, IPv6 inside',
  openGraph6: 'open, IPv6 inside',
} as const

export const singlePath: Line = {
  name: 'single-path',
  title: 'one path costs at most 5 % more cycles a packet than before there could be many',
  faults: { 'slow-graph': '64 B: seal' },
  isFullOnly: true,
  measure: async ({ fault }) => {
    const folder = mkdtempSync(join(tmpdir(), 'cw-single-path-'))
    try {
      const binary = await build(folder)
      const now: InMemory[] = []
      const then: InMemory[] = []
      for (let pair = 0; pair < pairs; pair++) {
        then.push(await measureInMemory(rounds, undefined, binary))
        now.push(await measureInMemory(rounds, fault as InMemoryFault | undefined))
      }
      return now[0]!.sizes.flatMap(({ bytes }, size) =>
        kinds.map((kind) => check(bytes, kind, ratios(then, now, size, kind))),
      )
    } finally {
      await run(['git', '-C', root, 'worktree', 'remove', '--force', folder]).catch(() => undefined)
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** @returns the bench of the commit before. @throws LAB_PROGRAM where the history is not there */
async function build(folder: string): Promise<string> {
  const out = join(folder, 'native/out')
  await run(['git', '-C', root, 'worktree', 'add', '--force', '--detach', folder, before])
  await run(['meson', 'setup', out, join(folder, 'native')], { timeoutMs: buildMs })
  await run(['ninja', '-C', out, 'test/memory_bench'], { timeoutMs: buildMs })
  return join(out, 'test/memory_bench')
}

/** Time a packet now, by that before, of each pair of runs; each in units of the bare AEAD's, whose clock is the same. */
function ratios(
  then: readonly InMemory[],
  now: readonly InMemory[],
  size: number,
  kind: (typeof kinds)[number],
): number[] {
  return now.map(
    (one, pair) => then[pair]!.sizes[size]![kind].toBare / one.sizes[size]![kind].toBare,
  )
}

function check(bytes: number, kind: (typeof kinds)[number], all: readonly number[]): Check {
  const sorted = all.toSorted((a, b) => a - b)
  const middle = quantile(sorted, 0.5)
  const percent = (ratio: number): string => `${((ratio - 1) * 100).toFixed(1)} %`
  return {
    check: `${bytes} B: ${titles[kind]}`,
    target: `≤ ${percent(most)} more, median of ${pairs} pairs`,
    figure: `${percent(middle)} (${percent(sorted[0]!)} to ${percent(sorted.at(-1)!)})`,
    isOk: middle <= most,
  }
}
