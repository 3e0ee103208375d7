/** The fuzzers of native/fuzz, each from its kept corpus, as many at once as there are cores (build/fuzz.ts): all clean. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Line } from '../line.ts'
import { reportOf, root, run } from './native-program.ts'

const seconds = { full: 600, quick: 1 }
/** A planted fault is found within moments. */
const plantedSeconds = 20
const timeoutMs = 4 * 3_600_000
const out = join(root, 'native/out-sanitized/fuzz')

interface Fuzzed {
  readonly fuzzed: readonly { readonly target: string; readonly runs: number; isClean: boolean }[]
}

export const fuzzers: Line = {
  name: 'fuzzers',
  title: `fuzzers of everything that takes bytes from outside, ${seconds.full} s each: clean`,
  faults: { planted: 'clean: planted' },
  measure: async ({ isQuick, fault }) => {
    const each = fault !== undefined ? plantedSeconds : isQuick ? seconds.quick : seconds.full
    const only = fault !== undefined ? [fault] : []
    const { code, text } = await run(
      [process.execPath, join(root, 'build/fuzz.ts'), each, ...only],
      timeoutMs,
    )
    const fuzzed = reportOf<Fuzzed>(text)?.fuzzed ?? []
    if (fault === undefined ? code !== 0 : fuzzed.length === 0) console.error(text)
    if (fault !== undefined) removeFindings(fault)
    return [
      ...fuzzed.map(({ target, runs, isClean }) => ({
        check: `clean: ${target}`,
        target: `nothing found in ${each} s`,
        figure: isClean ? `${runs} inputs` : `FOUND SOMETHING after ${runs} inputs`,
        isOk: isClean,
      })),
      { check: 'all of them ran', target: 'exit code 0', figure: String(code), isOk: code === 0 },
    ]
  },
}

/** What a fault made a target leave beside it. */
function removeFindings(target: string): void {
  const names = readdirSync(out).filter((name) => name.startsWith(`fuzz_${target}-`))
  for (const name of names) rmSync(join(out, name))
}
