/**
 * The process's log: one JSON object a line on stdout, a constant message plus fields from one dictionary.
 * Never a secret. The supervisor keeps the lines.
 */
import { destination, type Logger, pino } from 'pino'

/** What a log line may say beside its message. Units are in the names. */
export interface LogFields {
  readonly peer?: string
  /** Of a box, at a controller: its id. */
  readonly device?: string
  readonly path?: string
  readonly uplink?: string
  readonly segment?: string
  readonly revision?: number
  readonly code?: string
  /** What the error said, for people. */
  readonly detail?: string
  /** A flow: addresses, IP protocol number, ports (0 where there are none). */
  readonly source?: string
  readonly destination?: string
  readonly protocol?: number
  readonly sourcePort?: number
  readonly destinationPort?: number
  /** Of a packet that policy kept out: whither, by which rule, as which drop; denials before it that have no line. */
  readonly toSegment?: string
  readonly rule?: string
  readonly reason?: string
  readonly suppressed?: number
}

export interface Log {
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

/** @param keeps is handed each line as well */
export function openLog(role: string, instance: string, keeps?: (line: string) => void): Logger {
  const options = {
    base: { role, instance },
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  }
  // Written before the call returns: the last words of a dying process are the ones that matter.
  const out = destination({ dest: 1, sync: true })
  if (keeps === undefined) return pino(options, out)
  const write = (line: string): void => {
    out.write(line)
    keeps(line)
  }
  return pino(options, { write })
}
