/**
 * Hostile packets through the real graph (native/test/hostile.c): mutated, replayed, forged, of foreign segments and
 * sources, authenticated ones among them. None comes out, each is counted once under its reason. The fuzzers stay clean.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Check, Line } from '../line.ts'

const root = join(import.meta.dirname, '../../..')
const program = join(root, 'native/out/test/hostile')
const wholeCount = 10_000_000
const quickCount = 500_000
const fuzzSeconds = 600
const timeoutMs = 600_000
const fuzzTimeoutMs = 4 * 3_600_000

/** Sent of each kind, and how many of them were counted once, under a reason of that kind. */
type Kinds = Readonly<Record<string, readonly [sent: number, right: number]>>

interface Report {
  readonly sent: number
  readonly delivered: number
  readonly counted: number
  readonly ms: number
  readonly kinds: Kinds
  readonly reasons: Readonly<Record<string, number>>
}

interface Fuzzed {
  readonly fuzzed: readonly { readonly target: string; readonly runs: number; isClean: boolean }[]
}

export const hostile: Line = {
  name: 'hostile',
  title: 'hostile packets: none delivered, no crash, each counted under its reason; fuzzers clean',
  faults: {
    genuine: 'delivered',
    prefix: 'counted under their reason: spoofed source',
    unsent: 'counted',
  },
  measure: async ({ isQuick, fault }) => {
    const count = isQuick ? quickCount : wholeCount
    const seed = Math.floor(Math.random() * 2 ** 31)
    const { code, text } = await run([program, count, seed, fault ?? ''], timeoutMs)
    const report = reportOf<Report>(text)
    const checks: Check[] = [
      {
        check: 'no crash, no buffer lost',
        target: 'exit code 0',
        figure: `${code} (seed ${seed})`,
        isOk: code === 0 && report !== null,
      },
    ]
    if (report !== null) checks.push(...verdict(report, count))
    if (!isQuick && fault === undefined) checks.push(...(await fuzz()))
    return checks
  },
}

function verdict({ sent, delivered, counted, ms, kinds, reasons }: Report, count: number): Check[] {
  const list = Object.entries(kinds)
  return [
    {
      check: 'delivered',
      target: `0 of ${count}`,
      figure: `${delivered} of ${sent}, ${(sent / ms).toFixed(0)} a ms`,
      isOk: delivered === 0 && sent === count,
    },
    {
      check: 'counted',
      target: `${count}`,
      figure: `${counted}, for ${Object.keys(reasons).length} reasons`,
      isOk: counted === count,
    },
    ...list.map(([kind, [sentOf, right]]) => ({
      check: `counted under their reason: ${kind}`,
      target: 'all',
      figure: `${right} of ${sentOf}`,
      isOk: sentOf > 0 && right === sentOf,
    })),
  ]
}

async function fuzz(): Promise<Check[]> {
  const argv = [process.execPath, join(root, 'build/fuzz.ts'), fuzzSeconds]
  const { text } = await run(argv, fuzzTimeoutMs)
  const fuzzed = reportOf<Fuzzed>(text)?.fuzzed ?? []
  if (fuzzed.length === 0) console.error(text)
  return [
    {
      check: `fuzzers, ${fuzzSeconds} s each`,
      target: 'all clean',
      figure: fuzzed
        .map(({ target, runs, isClean }) => `${target} ${isClean ? runs : 'FAILED'}`)
        .join(', '),
      isOk: fuzzed.length > 0 && fuzzed.every(({ isClean }) => isClean),
    },
  ]
}

/** The line of JSON that a program ends with. */
function reportOf<Value>(text: string): Value | null {
  const line = text.split('\n').find((one) => one.startsWith('{"event"'))
  return line === undefined ? null : (JSON.parse(line) as Value)
}

function run(
  [command, ...args]: readonly (string | number)[],
  limitMs: number,
): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    let text = ''
    const child = spawn(String(command), args.map(String), {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: limitMs,
    })
    child.stdout.on('data', (chunk: Buffer) => {
      text = (text + chunk).slice(-1_000_000)
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, text }))
  })
}
