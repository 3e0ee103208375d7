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
import {
  denialsText,
  dropsText,
  eventText,
  healthText,
  sessionsText,
  soundText,
  statusText,
} from './text.ts'
import { user } from './user.ts'

export const usage = `Usage: causeway COMMAND [--instance NAME] [--json]

  check FILE   tell what is wrong with a device configuration; changes nothing (-: standard input)
  status       show uplinks, peers and health of the running gateway
  health       say whether all is well (exit 0) or what is not (exit 1)
  paths        show the paths to each peer: which links are used, how good they are, what is wrong;
               with --wide also percentiles of the round trip, what came late and other details
  sessions     show sessions with peers: state, cipher, age of keys, failures
  drops        show what the datapath dropped, and why
  denials      show the last packets that the ACL kept out, and by which rule
  explain FROM[:PORT] TO[:PORT] [PROTOCOL]
               say what becomes of a flow and why: segment, route, rule, policy and path, and what
               befell its packets (exit 0: it passes, 1: it does not). PROTOCOL is tcp, udp, icmp
               or a number; without it, tcp where a port is given, else a ping (icmp). A port that
               is not given is no port of any rule or application. An IPv6 address stands in
               brackets before its port. With --dscp ef (be without it), --server NAME (of TLS or
               QUIC), --segment NAME (that of FROM without it) where these matter
  capture uplink|lan|segment NAME FILE [FIELD …]
               record packets into FILE (pcapng): headers alone. Fields: seconds N, host A, with B,
               net P, port N, tcp, udp, icmp, arp; full: payloads too
  bundle FILE  keep what whoever helps needs (.tar.gz), without secrets
  events       follow what changes, until interrupted
  key          print this device's wire public key (made if there is none)
  enrol        show whose this box is, or the code by which it is claimed
  enrol confirm CODE      say that the controller shows this code too
  enrol with HOST[:PORT] [ROOT.pem]
                          ask this controller (port 8443 unless told); one that the owner's root
                          vouches for needs no code
  reset --yes  make this box blank: no owner, no configuration, new keys of sessions

  user list               show who may use the page of this box
  user add NAME ROLE      make a user: viewer, operator or admin; the password is read from standard input
  user role NAME ROLE     another role
  user password NAME      another password: at this shell nobody needs the old one
  user remove NAME        take a user away
  user setup-code         print the code by which the first password is set on the page

  config show             print the configuration that runs, without secrets
  config apply FILE       try a configuration; it is taken back unless it is confirmed within
                          --confirm-seconds N (60 unless told, at most 120; 0: needs no confirm)
  config confirm          keep it: it becomes device.yaml and an entry of the history
  config rollback         take it back now
  config history [N]      list what ran here, or print entry N

  ctl …        run a fleet through its controller: causeway ctl --help
  controller   run the process that a fleet is run from

  datapath     run the process that moves packets   (started by the supervisor)
  gateway      run the process that decides         (started by the supervisor)

  --instance NAME   which of several on this machine; ${defaultInstance} unless told
  --json            print for programs
  --root DIR        a folder that stands for /
  --help, --version

The datapath takes --memory MIB (128 unless told), --flows N (as many may have a path of their own;
131072 unless told, 68 bytes each) and --aead auto|ipsec-mb|openssl. The controller takes
--listen ADDRESS:PORT (0.0.0.0:8443 unless told), --stun ADDRESS:PORT (UDP, port 3478 of the same address unless
told) and --name NAME, by which it is called, several times.
`

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
    const { dscp, server, segment } = values
    return {
      words: positionals,
      places: placesOf(values.instance, values.root),
      isJson: values.json,
      isWide: values.wide,
      isSure: values.yes,
      confirmSeconds: seconds === undefined ? null : readSeconds(seconds),
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
  user,
}
/** The others are a word alone. */
const takesWords: ReadonlySet<string> = new Set(
  'check config enrol explain user capture bundle'.split(' '),
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
