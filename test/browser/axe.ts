/** What axe-core finds on a page: WCAG 2.2 AA and what is good practice. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import type { ColourScheme, Width } from './browser.ts'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const run = `axe.run({ runOnly: ${JSON.stringify(rules)}, resultTypes: ['violations'] }).then(
  ({ violations }) => violations.map(({ id, nodes: [{ html, failureSummary }], nodes }) =>
    id + ' (' + nodes.length + '): ' + html + ' ' + failureSummary))`

/** Each width and each scheme once: what both change, a test of all four would see no better (`accept -- web-ui axe` looks at all). */
export const looks: readonly (readonly [Width, ColourScheme])[] = [
  ['desktop', 'light'],
  ['phone', 'dark'],
]

/** @returns each rule that is broken, with the first element that breaks it and why */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  // By DevTools' own door: the page's policy lets no script in.
  if (!(await page.evaluate<boolean>('"axe" in globalThis'))) await page.evaluate(source)
  return page.evaluate<readonly string[]>(run)
}
