/**
 * `causeway COMMAND`: a thin client of the local API and a few files. Prints for people, or with `--json` for
 * programs. Exit codes are API: 0 done, 1 failed, 2 usage, 3 no process answers, 4 refused.
 */
import { parseArgs } from 'node:util'
import { readConfigFile } from '../host/config/file.ts'
import { parseDeviceConfig } from '../host/config/parse.ts'
import { askApi } from '../host/system/api-client.ts'
import { defaultInstance, isInstanceName, type Places, placesOf } from '../host/system/places.ts'
import { openWireKey } from '../host/system/wire-key.ts'
import { CausewayError, type ErrorBody, type ErrorCode } from '../model/errors.ts'
import type { Drops, Status } from '../model/local-api.ts'
import { version } from '../model/version.ts'
import { encodeWireKey } from '../model/wire-key.ts'
import { dropsText, errorText, soundText, statusText } from './text.ts'

export const exitCode = { done: 0, failed: 1, usage: 2, unreachable: 3, refused: 4 } as const
export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

export interface Output {
  out(text: string): void
  err(text: string): void
}

export const usage = `Usage: causeway COMMAND [--instance NAME] [--json]

  check FILE   tell what is wrong with a device configuration
  status       show uplinks, peers and health of the running gateway
  drops        show what the datapath dropped, and why
  key          print this device's wire public key (made if there is none)

  datapath     run the process that moves packets   (started by the supervisor)
  gateway      run the process that decides         (started by the supervisor)

  --instance NAME   which of several on this machine; ${defaultInstance} unless told
  --json            print for programs
  --root DIR        a folder that stands for /
  --help, --version

The datapath takes --memory MIB (128 unless told) and --aead auto|ipsec-mb|openssl.
`

/** What was typed, once it is known to make sense. */
interface Call {
  readonly words: readonly string[]
  readonly places: Places
  readonly isJson: boolean
}

/** @param argv what follows the program's name */
export async function runCli(argv: readonly string[], output: Output): Promise<ExitCode> {
  const call = readCall(argv, output)
  if (typeof call === 'number') return call
  try {
    return await perform(call, output)
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    report([error.toJSON()], call.isJson, output)
    return exitOf(error.code)
  }
}

function readCall(argv: readonly string[], output: Output): Call | ExitCode {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        instance: { type: 'string', default: defaultInstance },
        root: { type: 'string', default: '/' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    })
    if (values.help || values.version) {
      output.out(values.help ? usage : `causeway ${version}\n`)
      return exitCode.done
    }
    if (!isInstanceName(values.instance)) throw new Error(`'${values.instance}' names no instance`)
    return {
      words: positionals,
      places: placesOf(values.instance, values.root),
      isJson: values.json,
    }
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error), output)
  }
}

async function perform({ words, places, isJson }: Call, output: Output): Promise<ExitCode> {
  const [command, ...rest] = words
  const [file] = rest
  if (command === undefined) return misused('a command is needed', output)
  if (command === 'check') {
    if (file === undefined || rest.length > 1) return misused('check takes one FILE', output)
    return check(file, isJson, output)
  }
  if (rest.length > 0) return misused(`${command} takes no '${rest[0]}'`, output)
  switch (command) {
    case 'status':
      return show<Status>(places, '/api/v1/status', statusText, isJson, output)
    case 'drops':
      return show<Drops>(places, '/api/v1/drops', dropsText, isJson, output)
    case 'key': {
      const { publicKey } = await openWireKey(places.wireKey)
      const wireKey = encodeWireKey(publicKey)
      output.out(isJson ? `${JSON.stringify({ wireKey })}\n` : `${wireKey}\n`)
      return exitCode.done
    }
    default:
      return misused(`there is no command '${command}'`, output)
  }
}

async function check(file: string, isJson: boolean, output: Output): Promise<ExitCode> {
  const parsed = parseDeviceConfig(await readConfigFile(file))
  if (parsed.config === null) {
    report(parsed.errors, isJson, output)
    return exitCode.refused
  }
  const { config, migratedFrom } = parsed
  const answer = migratedFrom === null ? { errors: [] } : { errors: [], migratedFrom }
  output.out(isJson ? `${JSON.stringify(answer)}\n` : soundText(file, config, migratedFrom))
  return exitCode.done
}

async function show<Answer>(
  places: Places,
  path: string,
  textOf: (answer: Answer) => string,
  isJson: boolean,
  output: Output,
): Promise<ExitCode> {
  const body = await askApi(places.apiSocket, path)
  output.out(isJson ? `${body}\n` : textOf(JSON.parse(body) as Answer))
  return exitCode.done
}

function misused(message: string, output: Output): ExitCode {
  output.err(`causeway: ${message}\n\n${usage}`)
  return exitCode.usage
}

function report(errors: readonly ErrorBody[], isJson: boolean, output: Output): void {
  if (isJson) output.out(`${JSON.stringify({ errors })}\n`)
  else output.err(errors.map((error) => `${errorText(error)}\n`).join(''))
}

const refusals: ReadonlySet<ErrorCode> = new Set(['CONFIG_TOO_LARGE', 'API_INVALID'])
const silences: ReadonlySet<ErrorCode> = new Set(['API_UNREACHABLE', 'API_TIMEOUT'])

function exitOf(code: ErrorCode): ExitCode {
  if (silences.has(code)) return exitCode.unreachable
  return refusals.has(code) ? exitCode.refused : exitCode.failed
}
