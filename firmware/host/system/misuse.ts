/** What is said to whoever typed what makes no sense: one line, which names the mistake, and not the whole help. */

/** @param problem what is wrong; of parseArgs' advice only the first sentence is told */
export function misuseText(problem: string): string {
  return `causeway: ${problem.split(/\.\s/)[0]}; see causeway --help\n`
}
