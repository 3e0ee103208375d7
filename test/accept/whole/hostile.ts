/**
 * Hostile packets through the real graph (native/test/hostile.c): mutated, replayed, forged, of foreign segments and
 * sources, authenticated ones among them. None comes out, each is counted once under its reason.
 */
import { join } from 'node:path'
import type { Check, Line } from '../line.ts'
import { reportOf, root, run } from './native-program.ts'

const program = join(root, 'native/out/test/hostile')
const wholeCount = 10_000_000
const quickCount = 500_000
const timeoutMs = 600_000
const promise = 'no crash, no buffer lost'

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

export const hostile: Line = {
  name: 'hostile',
  title: 'hostile packets: none delivered, no crash, each counted under its reason',
  faults: {
    genuine: 'delivered',
    prefix: 'counted under their reason: spoofed source',
    unsent: 'counted',
    crash: promise,
    buffer: promise,
  },
  measure: async ({ isQuick, fault }) => {
    const count = isQuick ? quickCount : wholeCount
    const seed = Math.floor(Math.random() * 2 ** 31)
    const { code, text } = await run([program, count, seed, fault ?? ''], timeoutMs)
    const report = reportOf<Report>(text)
    const checks: Check[] = [
      {
        check: promise,
        target: 'exit code 0',
        figure: `${code} (seed ${seed})`,
        isOk: code === 0 && report !== null,
      },
    ]
    if (report !== null) checks.push(...verdict(report, count))
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
