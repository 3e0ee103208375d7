/** What the local API says of the gateway's own log: its last lines, in their fields. */
import Type, { type Static } from 'typebox'
import { closed } from './device-config-words.ts'

const words = <const Word extends string>(list: readonly Word[]) =>
  Type.Unsafe<Word>(Type.Union(list.map((word) => Type.Literal(word))))

export const logLevels = ['info', 'warn', 'error'] as const
/** What a line is about. */
export const logAreas = [
  ...['gateway', 'config', 'datapath', 'peer', 'uplink', 'path', 'segment', 'policy'],
  ...['api', 'controller', 'host', 'store'],
] as const

export const LogLine = Type.Object(
  {
    /** Grows by one with each line since the gateway started. */
    number: Type.Integer({ minimum: 1 }),
    /** RFC 3339, as right as the box's clock was. */
    time: Type.String(),
    level: words(logLevels),
    area: words(logAreas),
    message: Type.String(),
    /** The others, as texts. */
    fields: Type.Record(Type.String(), Type.String()),
  },
  closed,
)
export type LogLine = Static<typeof LogLine>

/** Oldest first, at most a thousand. */
export const LogAnswer = Type.Object({ lines: Type.Array(LogLine) }, closed)
export type LogAnswer = Static<typeof LogAnswer>

/** The number of a line: those after it are wanted. */
export const LogParams = Type.Object({ after: Type.String({ pattern: '^[0-9]{1,12}$' }) }, closed)
export type LogParams = Static<typeof LogParams>
