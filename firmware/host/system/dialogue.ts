/**
 * What a person, or a script in their place, answers on standard input, a line at a time. At a terminal it is asked for, and what
 * is secret is not shown; elsewhere lines are just read. Answers are bounded.
 */
const mostAnswerBytes = 4_096
const lineEnds = '\r\n'
/** Ctrl-C and Ctrl-D. */
const givenUp = '\u0003\u0004'

export interface Dialogue extends AsyncDisposable {
  /** Somebody can be asked. */
  readonly isTerminal: boolean
  /** Without the line's end; null: there is none. `isSecret`: what is typed is not shown. */
  answer(question: string, isSecret?: boolean): Promise<string | null>
}

/** What a terminal has and a pipe has not. */
interface TerminalInput {
  readonly isTTY?: boolean
  setRawMode?(isRaw: boolean): unknown
}

/** Nothing is read before something is asked. @param ask shows a question to a person */
export function openDialogue(
  input: AsyncIterable<Uint8Array>,
  ask: (question: string) => void,
): Dialogue {
  const terminal = input as AsyncIterable<Uint8Array> & TerminalInput
  const isTerminal = terminal.isTTY === true
  let chunks: AsyncIterator<Uint8Array> | null = null
  let unread = ''
  let isEnded = false
  const more = async (): Promise<void> => {
    chunks ??= input[Symbol.asyncIterator]()
    const { value, done } = await chunks.next()
    if (done === true) isEnded = true
    else unread += Buffer.from(value).toString('utf8')
  }
  /** @param isRaw at a terminal that edits nothing: an interrupt, and an end, come as characters */
  const line = async (isRaw = false): Promise<string | null> => {
    const ends = isRaw ? lineEnds + givenUp : lineEnds
    for (;;) {
      const end = unread.split('').findIndex((character) => ends.includes(character))
      if (end >= 0) {
        const text = unread.slice(0, end)
        const isGivenUp = givenUp.includes(unread.charAt(end))
        unread = unread.slice(end + (unread.startsWith('\r\n', end) ? 2 : 1))
        return isGivenUp ? null : text
      }
      if (isEnded || unread.length > mostAnswerBytes) {
        const text = unread
        unread = ''
        return text === '' ? null : text
      }
      await more()
    }
  }
  return {
    isTerminal,
    async answer(question, isSecret = false) {
      if (!isTerminal) return line()
      if (!isSecret || terminal.setRawMode === undefined) {
        ask(question)
        return line()
      }
      // First: what is typed at once is not to be seen either.
      terminal.setRawMode(true)
      try {
        ask(question)
        const raw = await line(true)
        return raw === null ? null : rubbed(raw)
      } finally {
        terminal.setRawMode(false)
        ask('\n')
      }
    },
    async [Symbol.asyncDispose]() {
      await chunks?.return?.()
    },
  }
}

/** What is left of what was typed, backspaces and line kills (Ctrl-U) done. */
function rubbed(raw: string): string {
  let text = ''
  for (const character of raw) {
    if (character === '\u007f' || character === '\b') text = text.slice(0, -1)
    else if (character === '\u0015') text = ''
    else text += character
  }
  return text
}
