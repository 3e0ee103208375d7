/** A serial line or a screen of the machine, to be written to and read from: termios(3), as the kernel or a supervisor has set it. */
import { closeSync, constants, openSync } from 'node:fs'
import { isatty, ReadStream, WriteStream } from 'node:tty'

export interface Terminal {
  readonly input: AsyncIterable<Uint8Array>
  readonly out: (text: string) => void
}

/** Of what nobody takes off a line, more is not kept: it is drawn anew anyway. */
const mostBytes = 64 * 1024

/** Null: there is none, or a port that has a name and no hardware behind it. */
export async function openTerminal(path: string): Promise<Terminal | null> {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  } catch {
    return null
  }
  if (!isatty(fd)) {
    closeSync(fd)
    return null
  }
  const output = new WriteStream(fd)
  output.on('error', () => {})
  return {
    input: new ReadStream(fd),
    out: (text) => {
      if (output.writableLength < mostBytes) output.write(text)
    },
  }
}
