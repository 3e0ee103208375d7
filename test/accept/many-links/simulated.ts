/** The same promise in simulated time (native/test/path_sim): both ends' liveness code with made-up links between them. */
import { join } from 'node:path'
import type { Lab } from '../../lab/lab.ts'
import type { Check } from '../line.ts'

const program = join(import.meta.dirname, '../../../native/out/test/path_sim')
/** A thousand simulated hours take half a minute. */
const timeoutMs = 1_800_000
const spell = /^ *([\d.]+) h, .*: (\d+) suspicions, (\d+) failed/gm

/**
 * `hours` of constant traffic at 5 % loss, and a 30th of it of each of many other kinds of traffic and weather.
 * @param lab in which it runs, so that it ends with it
 * @param plant a fault of path_sim's
 */
export async function simulateHours(lab: Lab, hours: number, plant?: string): Promise<Check> {
  const planted = plant === undefined ? [] : ['--plant', plant]
  const argv = [program, '--hours', String(hours), '--trials', '1', ...planted]
  const { stdout } = await lab.attempt('internet', ['nice', ...argv], { timeoutMs })
  const spells = [...stdout.matchAll(spell)].map((match) => match.slice(1).map(Number))
  const sum = (column: number): number => spells.reduce((all, one) => all + one[column]!, 0)
  const [longest, all] = [Math.max(0, ...spells.map(([h]) => h!)), sum(0)]
  return {
    check: 'paths given up in simulated time',
    target: `0 in ${hours} h`,
    figure: `${sum(2)} in ${all.toFixed(0)} h of ${spells.length} kinds; ${sum(1)} suspicions`,
    isOk: sum(2) === 0 && longest >= hours && sum(1) > 0,
  }
}
