/** What a lab that shows itself writes to the terminal. */
import { CausewayError } from '../../firmware/model/errors.ts'
import type { Transfer } from './background.ts'
import { transferLines } from './live.ts'

/** Writes over what was drawn before, lines cut to the terminal's width. @returns lines drawn */
export function redraw(text: string, drawnLines: number): number {
  const width = process.stdout.columns || 100
  const lines = text.split('\n').map((line) => line.slice(0, width - 1))
  const back = drawnLines === 0 ? '' : `\x1b[${drawnLines}F\x1b[J`
  process.stdout.write(`${back}${lines.join('\n')}\n`)
  return lines.length
}

/** How the transfers went, where no picture has shown it. @throws LAB_PROGRAM if one failed */
export function endOfTransfers(transfers: readonly Transfer[], isTerminal: boolean): void {
  const bad = transfers.reduce((sum, { failed }) => sum + failed, 0)
  if (!isTerminal) console.log(transferLines(transfers))
  if (bad > 0) throw new CausewayError('LAB_PROGRAM', `${bad} background transfers failed`)
}
