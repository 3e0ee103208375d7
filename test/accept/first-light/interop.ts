/**
 * A frame sealed by C opens in an independent opener in TypeScript, and the other way round: the native interop
 * test, run as it is.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { attempt } from '../../lab/command.ts'
import type { Line } from '../line.ts'

const root = join(import.meta.dirname, '../../..')
const file = 'test/unit/native/interop.test.ts'
const timeoutMs = 60_000

export const interop: Line = {
  name: 'interop',
  title: 'frames sealed by C open in an independent TypeScript opener, and the other way round',
  faults: { 'none-run': 'interop tests', 'flipped-bit': 'interop tests' },
  measure: async ({ fault }) => {
    if (!existsSync(join(root, file))) throw new Error(`${file} does not exist`)
    const only = fault === 'none-run' ? ['--test-name-pattern=^no such test$'] : []
    const argv = [process.execPath, '--test', '--test-reporter=tap', ...only, join(root, file)]
    const env = fault === 'flipped-bit' ? { CAUSEWAY_PLANT: fault } : {}
    const { code, stdout } = await attempt(argv, { timeoutMs, env })
    const count = (what: string): number =>
      Number(new RegExp(`^# ${what} (\\d+)`, 'm').exec(stdout)?.[1] ?? Number.NaN)
    const passed = count('pass')
    const failed = count('fail')
    if (failed > 0) console.error(stdout)
    return [
      {
        check: 'interop tests',
        target: 'all pass, at least 2',
        figure: `${passed} passed, ${failed} failed`,
        isOk: code === 0 && failed === 0 && passed >= 2,
      },
    ]
  },
}
