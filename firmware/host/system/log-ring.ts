/** The last lines of this process's log, for whoever may read them by the API. Bounded in lines and in the length of each. */
const mostLines = 1_000
const mostLineChars = 4_096

export interface RingLine {
  /** Grows by one with each line since the process started. */
  readonly number: number
  /** As it was written: one JSON object, unless it was cut. */
  readonly text: string
}

export interface LogRing {
  write(line: string): void
  /** Those after line `number`, oldest first; all, where that one is of a process before: it was not written yet. */
  after(number: number): readonly RingLine[]
}

export function openLogRing(): LogRing {
  const lines: string[] = []
  let written = 0
  return {
    write: (line) => {
      lines[written % mostLines] = line.trimEnd().slice(0, mostLineChars)
      written++
    },
    after: (number) => {
      const first = Math.max(number > written ? 0 : number, written - mostLines, 0)
      return Array.from({ length: Math.max(0, written - first) }, (_, index) => {
        const at = first + index
        return { number: at + 1, text: lines[at % mostLines]! }
      })
    },
  }
}
