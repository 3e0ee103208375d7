/** What every command of the CLI shares: what was typed, where its words go, and the exit codes, which are API. */
import { readConfigFile, readConfigStream } from '../host/config/file.ts'
import { type Asking, askApi } from '../host/system/api-client.ts'
import type { Places } from '../host/system/places.ts'
import type { ErrorBody, ErrorCode } from '../model/errors.ts'
import { nearestOf } from '../model/nearest.ts'
import { errorText } from './text.ts'

/** `differs`: of `ctl plan --detailed-exitcode` alone. */
export const exitCode = {
  ...{ done: 0, failed: 1, usage: 2, unreachable: 3, refused: 4 },
  differs: 5,
} as const
export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

export interface Output {
  out(text: string): void
  err(text: string): void
}

export const flowMarks = ['dscp', 'server', 'segment'] as const
export type FlowMark = (typeof flowMarks)[number]

/** What was typed, once it is known to make sense. */
export interface Call {
  /** The command and what follows it. */
  readonly words: readonly string[]
  readonly places: Places
  readonly isJson: boolean
  /** More columns than a window has room for. */
  readonly isWide: boolean
  /** `--yes` */
  readonly isSure: boolean
  /** Null unless told. */
  readonly confirmSeconds: number | null
  /** `--on`: lines and screens. */
  readonly terminals: readonly string[]
  /** Of a flow that is asked about, as they were typed. */
  readonly marks: { readonly [Name in FlowMark]?: string | undefined }
  readonly output: Output
  /** Standard input. */
  readonly input: AsyncIterable<Uint8Array>
}

/** Typed in a way that makes no sense. */
export class Misuse extends Error {}

/** The word that was meant, if one is near; goes behind the mistake. */
export function meantText(word: string, known: readonly string[]): string {
  const nearest = nearestOf(word, known)
  return nearest === null ? '' : `: did you mean '${nearest}'?`
}

/** Asks the gateway and prints its answer, for people or as it came. */
export async function show<Answer>(
  { places, isJson, output }: Call,
  path: string,
  textOf: (answer: Answer) => string,
  asking?: Asking,
): Promise<Answer> {
  const body = await askApi(places.apiSocket, path, asking)
  const answer = JSON.parse(body) as Answer
  output.out(isJson ? `${body}\n` : textOf(answer))
  return answer
}

/** @param file what was handed in, if anything */
export function report(
  errors: readonly ErrorBody[],
  file: string | null,
  { isJson, output }: Pick<Call, 'isJson' | 'output'>,
): void {
  if (isJson) {
    output.out(`${JSON.stringify({ errors })}\n`)
    return
  }
  const lines = errors.map((error) => {
    // One that could not be read is named by the message.
    const isOfFile = error.code.startsWith('CONFIG_') && error.code !== 'CONFIG_UNREADABLE'
    return `${errorText(error, isOfFile ? file : null)}\n`
  })
  output.err(lines.join(''))
}

/** `-` is standard input. @throws CONFIG_UNREADABLE, CONFIG_TOO_LARGE */
export function readDocument(file: string, { input }: Call): Promise<string> {
  return file === '-' ? readConfigStream(titleOf(file), input) : readConfigFile(file)
}

/** What messages call a FILE. */
export function titleOf(file: string): string {
  return file === '-' ? '<stdin>' : file
}

const silences: ReadonlySet<ErrorCode> = new Set(['API_UNREACHABLE', 'API_TIMEOUT'])
/** Of the input, besides those about configurations. */
const refusals: ReadonlySet<ErrorCode> = new Set(['API_INVALID', 'UPDATE_REFUSED', 'UPDATE_OLDER'])
/** Of those about configurations: what is no refusal of the input, for something was tried. */
const failures: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_UNREADABLE',
  'CONFIG_NOT_APPLIED',
  'CONFIG_UNCONFIRMED',
])

export function exitOf(code: ErrorCode): ExitCode {
  if (silences.has(code)) return exitCode.unreachable
  const isRefusal = refusals.has(code) || code.startsWith('CONFIG_')
  return isRefusal && !failures.has(code) ? exitCode.refused : exitCode.failed
}
