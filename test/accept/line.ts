/**
 * What an acceptance line is: a named promise to users, measured, with a target and a verdict. Each line also
 * names faults that can be planted, to show that it turns red when the promise is broken.
 */
export interface Line {
  readonly name: string
  readonly title: string
  /** Fault → how the check begins that must turn red when it is planted. */
  readonly faults: Readonly<Record<string, string>>
  /** The short form judges no speed and nothing that a busy machine would spoil: it may run beside another line. */
  readonly isQuickBeside?: boolean
  /** And it does next to nothing but wait: it takes no hand from the others. */
  readonly isAsleep?: boolean
  /** It has no short form: it needs more than a checkout and a minute, or a machine that is not busy. */
  readonly isFullOnly?: boolean
  readonly measure: (context: Context) => Promise<readonly Check[]>
}

export interface Context {
  /** The short form, which `npm test` runs. */
  readonly isQuick: boolean
  /** One of the line's faults, to be planted; otherwise undefined. */
  readonly fault: string | undefined
}

export interface Check {
  readonly check: string
  readonly target: string
  readonly figure: string
  readonly isOk: boolean
}

/** The machine of the short form does other things as well, or is a slow one: it has this many times the time, or the work. */
const quickRoom = 2

/** The most that a check of time or work allows: `most`, and in the short form more. The whole form shows how well; the short one, that. */
export function mostIn(isQuick: boolean, most: number): number {
  return isQuick ? most * quickRoom : most
}

/** Said behind a target that the short form has eased: what the whole one asks for. */
export function fullTarget(isQuick: boolean, target: string): string {
  return isQuick ? ` (${target}: full form)` : ''
}

/** What a line came to. */
export interface Outcome {
  readonly line: string
  readonly fault: string | null
  readonly seconds: number
  readonly checks: readonly Check[]
}

/** A line holds when it has checked something and all of it is good. */
export function holds({ checks }: Outcome): boolean {
  return checks.length > 0 && checks.every(({ isOk }) => isOk)
}

/** The check that a planted fault must turn red, if it has; null otherwise. An early end of the line proves nothing. */
export function seenBy(line: Line, { fault, checks }: Outcome): string | null {
  const begin = line.faults[fault ?? '']
  const red = checks.find(
    ({ check, isOk }) => !isOk && begin !== undefined && check.startsWith(begin),
  )
  return red?.check ?? null
}
