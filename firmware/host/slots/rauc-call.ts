/** Runs RAUC: bounded in time and output; what it says at its end is what matters of its many messages. */
import { CausewayError } from '../../model/errors.ts'
import { follow } from '../system/follow.ts'

/** Its service is started when it is asked, on slow boxes beside other work. */
const usualMs = 60_000
const mostBytes = 256 * 1024

export interface RaucEnd {
  /** Null: its time was up. */
  readonly code: number | null
  readonly out: string
  /** The last that it wrote to stderr, without what is for its log. */
  readonly said: string
}

/** @throws HOST_COMMAND_FAILED: it cannot be run; HOST_SYSTEM: it does not stop writing */
export async function callRauc(argv: readonly string[], timeoutMs = usualMs): Promise<RaucEnd> {
  const chunks: Buffer[] = []
  let bytes = 0
  const signal = new AbortController().signal
  const { code, said } = await follow(argv, {
    ...{ timeoutMs, signal },
    onData: (chunk) => {
      bytes += chunk.length
      if (bytes > mostBytes) throw new CausewayError('HOST_SYSTEM', 'RAUC does not stop writing')
      chunks.push(chunk)
    },
  })
  return { code, out: Buffer.concat(chunks).toString('utf8'), said: withoutLog(said) }
}

/** Its service is at work. */
export function isBusy({ said }: Pick<RaucEnd, 'said'>): boolean {
  return /processing a different method/i.test(said)
}

export function raucFailed({ code, said }: RaucEnd, what: string): CausewayError {
  return code === null
    ? new CausewayError('HOST_COMMAND_TIMEOUT', `RAUC takes too long to ${what}`)
    : new CausewayError('HOST_COMMAND_FAILED', `RAUC cannot ${what}`, { detail: said })
}

/** `rauc-Message: 15:08:27.432: …`, `(rauc:123): rauc-WARNING **: …` */
function withoutLog(said: string): string {
  const lines = said.split('\n').filter((line) => !/rauc-(Message|INFO|DEBUG)\b/i.test(line))
  return lines.join('\n').trim()
}
