/** Small parts of the checks of this folder: a check from its words, waiting for what must show, figures as text. */
import type { Locator } from 'playwright-core'
import type { Check } from '../line.ts'

/** One that holds when nothing was found against it; tells the first findings. */
export function noneOf(check: string, found: readonly string[], of: string): Check {
  const [first] = found
  return {
    ...{ check, target: 'none' },
    figure:
      first === undefined ? `none of ${of}` : `${found.length} of ${of}: ${first.slice(0, 240)}`,
    isOk: found.length === 0,
  }
}

/** @param limit null or more than it: short */
export function within(check: string, limitMs: number, ms: number | null, more = ''): Check {
  return {
    ...{ check, target: `≤ ${seconds(limitMs)}` },
    figure: ms === null ? 'never' : `${seconds(ms)}${more}`,
    isOk: ms !== null && ms <= limitMs,
  }
}

export function claim(check: string, isOk: boolean, figure: string, target = 'yes'): Check {
  return { check, target, figure, isOk }
}

/** @returns after how many ms it is there to be seen; null: not in time */
export async function seen(what: Locator, timeoutMs: number): Promise<number | null> {
  const beganMs = performance.now()
  return what
    .first()
    .waitFor({ timeout: timeoutMs })
    .then(
      () => performance.now() - beganMs,
      () => null,
    )
}

export type Step = readonly [title: string, run: (title: string) => Promise<Check>]

/** All steps in turn; with a planted fault that alone which has to see it. @param begin of its title; null: all */
export async function checked(steps: readonly Step[], begin: string | null): Promise<Check[]> {
  const checks: Check[] = []
  for (const [title, run] of steps) {
    if (begin === null || title.startsWith(begin)) checks.push(await run(title))
  }
  return checks
}

export function seconds(ms: number): string {
  return ms < 9_950 ? `${(ms / 1_000).toFixed(2)} s` : `${(ms / 1_000).toFixed(1)} s`
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}

/** As it is seen, in one line. */
export async function textOf(what: Locator): Promise<string> {
  return plain((await what.allInnerTexts()).join(' '))
}

export function plain(text: string | null): string {
  return (text ?? '').replaceAll(/\s+/g, ' ').trim()
}
