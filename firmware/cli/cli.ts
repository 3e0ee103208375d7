/**
 * `causeway COMMAND`: a thin client of the local API and a few files. Prints for people, or with `--json` for
 * programs. Exit codes are API: 0 done, 1 failed or not well, 2 usage, 3 no process answers, 4 refused.
 */
import { parseArgs } from 'node:util'
import { parseDeviceConfig } from '../host/config/parse.ts'
import { followApi } from '../host/system/api-client.ts'
import { misuseText } from '../host/system/misuse.ts'
import { defaultInstance, isInstanceName, type Places, placesOf } from '../host/system/places.ts'
import { openWireKey, readWireKey } from '../host/system/wire-key.ts'
import { CausewayError } from '../model/errors.ts'
import type { Drops, Health, Status } from '../model/local-api.ts'
import type { DenialsAnswer } from '../model/local-api-denial.ts'
import type { ApiEvent } from '../model/local-api-event.ts'
import type { PathsAnswer } from '../model/local-api-path.ts'
import type { SessionsAnswer } from '../model/local-api-session.ts'
import { version } from '../model/version.ts'
import { encodeWireKey } from '../model/wire-key.ts'
import { configWarnings } from '../plan/config-warning.ts'
import {
  type Call,
  type ExitCode,
  exitCode,
  exitOf,
  flowMarks,
  Misuse,
  meantText,
  type Output,
  readDocument,
  report,
  show,
  titleOf,
} from './call.ts'
import { config } from './config.ts'
import { bundle, capture } from './diagnose.ts'
import { enrol, reset } from './enrol.ts'
import { dscpWords, explain } from './explain.ts'
import { pathsText } from './path-text.ts'
import { slots } from './slots.ts'
import {
  denialsText,
  dropsText,
  eventText,
  healthText,
  sessionsText,
  soundText,
  statusText,
} from './text.ts'
import { usage } from './usage.ts'
import { usb } from './usb.ts'
import { user } from './user.ts'

/** @param argv what follows the program's name */
export async function runCli(
  argv: readonly string[],
  output: Output,
  input: AsyncIterable<Uint8Array>,
): Promise<ExitCode> {
  if (argv[0] === 'ctl') {
    // What it needs, certificates and stores, no other command does.
    const { runCtl } = await import('./ctl.ts')
    return runCtl(argv.slice(1), output, input)
  }
  const call = readCall(argv, output, input)
  if (typeof call === 'number') return call
  try {
    return await perform(call)
  } catch (error) {
    if (error instanceof Misuse) return misused(error.message, output)
    if (!(error instanceof CausewayError)) throw error
    const file = fileOf(call)
    report(error.errors ?? [error.toJSON()], file === null ? null : titleOf(file), call)
    return exitOf(error.code)
  }
}

/** What a command was told to read; null for those that read none. */
function fileOf({ words: [command, first, second] }: Call): string | null {
  const file = command === 'check' ? first : first === 'apply' ? second : undefined
  return file ?? null
}

function readCall(argv: readonly string[], output: Output, input: Call['input']): Call | ExitCode {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        instance: { type: 'string', default: defaultInstance },
        root: { type: 'string', default: '/' },
        json: { type: 'boolean', default: false },
        wide: { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        'confirm-seconds': { type: 'string' },
        dscp: { type: 'string' },
        server: { type: 'string' },
        segment: { type: 'string' },
        on: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    })
    if (values.help || values.version) {
      output.out(values.help ? usage : `causeway ${version}\n`)
      return exitCode.done
    }
    if (!isInstanceName(values.instance)) throw new Error(`'${values.instance}' names no instance`)
    const [command, verb] = positionals
    const seconds = values['confirm-seconds']
    if (seconds !== undefined && !(command === 'config' && verb === 'apply')) {
      throw new Misuse('--confirm-seconds is for config apply')
    }
    const mark = flowMarks.find((name) => values[name] !== undefined)
    if (mark !== undefined && command !== 'explain') throw new Misuse(`--${mark} is for explain`)
    if (values.wide && command !== 'paths') throw new Misuse('--wide is for paths')
    if (values.yes && command !== 'reset') throw new Misuse('--yes is for reset')
    if (values.on.length > 0 && command !== 'console') throw new Misuse('--on is for console')
    const { dscp, server, segment } = values
    return {
      words: positionals,
      places: placesOf(values.instance, values.root),
      isJson: values.json,
      isWide: values.wide,
      isSure: values.yes,
      confirmSeconds: seconds === undefined ? null : readSeconds(seconds),
      terminals: values.on.slice(0, mostTerminals),
      marks: { dscp, server, segment },
      output,
      input,
    }
  } catch (error) {
    return misused(problemOf(error), output)
  }
}

/** What parseArgs says of an option without its value is about its grammar. */
function problemOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const [, option] = /^Option '--([a-z-]+)[^']*' argument (missing|is)/.exec(message) ?? []
  if (option === undefined) return message
  return `--${option} needs a value${option === 'dscp' ? `: ${dscpWords}` : ''}`
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d{1,3}$/.test(text) && seconds <= 120) return seconds
  throw new Misuse('--confirm-seconds takes 0 to 120')
}

const mostTerminals = 8

type Command = (call: Call) => Promise<ExitCode>

const commands: Readonly<Record<string, Command>> = {
  check,
  status: (call) => shown<Status>(call, '/api/v1/status', statusText),
  health: async (call) => {
    const ask = { answers: [503] }
    const { isHealthy } = await show<Health>(call, '/api/v1/health', healthText, ask)
    return isHealthy ? exitCode.done : exitCode.failed
  },
  paths: (call) => shown<PathsAnswer>(call, '/api/v1/paths', (answer) => pathsText(answer, call)),
  sessions: (call) => shown<SessionsAnswer>(call, '/api/v1/sessions', sessionsText),
  drops: (call) => shown<Drops>(call, '/api/v1/drops', dropsText),
  denials: (call) => shown<DenialsAnswer>(call, '/api/v1/denials', denialsText),
  ...{ explain, capture, bundle },
  events: follow,
  key,
  config,
  enrol,
  reset,
  ...{ slots, usb },
  user,
  // It reads what nobody else does.
  console: async (call) => (await import('./console.ts')).consoles(call),
}
/** The others are a word alone. */
const takesWords: ReadonlySet<string> = new Set(
  'check config enrol explain user capture bundle slots usb'.split(' '),
)

async function perform(call: Call): Promise<ExitCode> {
  const [name, ...rest] = call.words
  if (name === undefined) throw new Misuse('a command is needed')
  const names = Object.keys(commands)
  if (!names.includes(name)) {
    throw new Misuse(`there is no command '${name}'${meantText(name, names)}`)
  }
  if (rest.length > 0 && !takesWords.has(name)) throw new Misuse(`${name} takes no '${rest[0]}'`)
  return commands[name]!(call)
}

async function shown<Answer>(
  call: Call,
  path: string,
  textOf: (answer: Answer) => string,
): Promise<ExitCode> {
  await show<Answer>(call, path, textOf)
  return exitCode.done
}

async function key({ places, isJson, output }: Call): Promise<ExitCode> {
  const isNew = (await readWireKey(places.wireKey)) === null
  const { publicKey } = await openWireKey(places.wireKey)
  if (isNew) output.err(`made a new key: ${places.wireKey}\n`)
  const wireKey = encodeWireKey(publicKey)
  output.out(isJson ? `${JSON.stringify({ wireKey })}\n` : `${wireKey}\n`)
  return exitCode.done
}

async function check(call: Call): Promise<ExitCode> {
  const { places, isJson, output } = call
  const [, file, ...rest] = call.words
  if (file === undefined || rest.length > 0) throw new Misuse('check takes one FILE')
  const text = await readDocument(file, call)
  const parsed = parseDeviceConfig(text, { ownWireKey: await ownWireKey(places) })
  if (parsed.config === null) {
    report(parsed.errors, titleOf(file), call)
    return exitCode.refused
  }
  const { config, migratedFrom } = parsed
  const warnings = configWarnings(config)
  const sound = { errors: [], warnings }
  const answer = migratedFrom === null ? sound : { ...sound, migratedFrom }
  if (!isJson) output.err(warnings.map((text) => `${titleOf(file)}: warning: ${text}\n`).join(''))
  output.out(
    isJson ? `${JSON.stringify(answer)}\n` : soundText(titleOf(file), config, migratedFrom),
  )
  return exitCode.done
}

/** Unknown to whoever may not read it, or on another machine: then one rule is left to the box itself. */
async function ownWireKey({ wireKey }: Places): Promise<string | undefined> {
  const key = await readWireKey(wireKey).catch(() => null)
  return key === null ? undefined : encodeWireKey(key.publicKey)
}

/** Ends when the gateway does, which is a failure: it may have been what was waited for. */
async function follow({ places, isJson, output }: Call): Promise<ExitCode> {
  await followApi(places.apiSocket, '/api/v1/events', (data) =>
    output.out(isJson ? `${data}\n` : eventText(JSON.parse(data) as ApiEvent, new Date())),
  )
  output.err('causeway: the gateway ended the stream\n')
  return exitCode.unreachable
}

function misused(message: string, output: Output): ExitCode {
  output.err(misuseText(message))
  return exitCode.usage
}
