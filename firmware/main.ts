/**
 * `causeway ROLE` runs a process of the box or the controller (`prepare` is done when the machine is ready), anything else is a command of the CLI. Each role loads only what it
 * needs: the datapath process has no use for a web server. Handles signals; a supervisor does the rest.
 */
import process from 'node:process'
import type { Log } from './host/system/log.ts'
import type { LogRing } from './host/system/log-ring.ts'
import type { ControllerArguments, RoleArguments } from './host/system/role-arguments.ts'
import { CausewayError } from './model/errors.ts'

const roles = ['datapath', 'gateway', 'controller', 'prepare'] as const
type Role = (typeof roles)[number]

type Started =
  | Extract<RoleArguments, { readonly memoryMb: number }>
  | Extract<ControllerArguments, { readonly port: number }>

/** What a role gives back once it runs. */
interface Running extends AsyncDisposable {
  /** On SIGHUP. */
  readonly reload?: () => void
  /** Why it ends by itself, for a supervisor to start it anew. */
  readonly failed?: Promise<CausewayError>
}

/** Longer, and a supervisor would kill: whoever stops us waits at most 2 s. */
const stopMs = 1_500

const [first = '', ...rest] = process.argv.slice(2)
if (!isRole(first)) {
  const { runCli } = await import('./cli/cli.ts')
  const output = {
    out: (text: string) => void process.stdout.write(text),
    err: (text: string) => void process.stderr.write(text),
  }
  process.exitCode = await runCli(process.argv.slice(2), output, process.stdin)
} else await run(first, rest)

async function run(role: Role, argv: readonly string[]): Promise<void> {
  const { readControllerArguments, readRoleArguments } = await import(
    './host/system/role-arguments.ts'
  )
  const read = role === 'controller' ? readControllerArguments(argv) : readRoleArguments(argv)
  if (read.places === null) {
    const { misuseText } = await import('./host/system/misuse.ts')
    process.stderr.write(misuseText(read.problem))
    process.exitCode = 2
    return
  }
  const { openLog } = await import('./host/system/log.ts')
  const { openLogRing } = await import('./host/system/log-ring.ts')
  const logRing = openLogRing()
  const log = openLog(role, read.places.instance, role === 'gateway' ? logRing.write : undefined)
  if (role === 'prepare') {
    const { prepareMachine } = await import('./prepare/prepare.ts')
    if (!(await prepareMachine(read.places, log))) process.exitCode = 1
    return
  }
  // Before anything is opened: a signal during the start must not leave half of it behind.
  const stopped = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopped.resolve())
  let running: Running | null = null
  process.on('SIGHUP', () => running?.reload?.())
  try {
    const started: Running = await start(role, read, log, logRing)
    running = started
    const { tellSupervisor } = await import('./host/system/supervisor.ts')
    const told = tellSupervisor()
    const failure = await Promise.race([
      stopped.promise,
      ...(started.failed ? [started.failed] : []),
    ])
    if (failure instanceof CausewayError) sayFailed(log, failure)
    told[Symbol.dispose]()
    const exitCode = failure instanceof CausewayError ? 1 : 0
    const timer = setTimeout(() => {
      log.warn({}, 'stopped before everything was closed')
      process.exit(exitCode)
    }, stopMs)
    await started[Symbol.asyncDispose]()
    clearTimeout(timer)
    log.info({}, `${role} stopped`)
    process.exit(exitCode)
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    sayFailed(log, error)
    process.exit(1)
  }
}

function sayFailed(log: Log, { code, message, detail }: CausewayError): void {
  log.error({ code, detail: detail === undefined ? message : `${message} (${detail})` }, 'failed')
}

async function start(
  role: Exclude<Role, 'prepare'>,
  started: Started,
  log: Log,
  logRing: LogRing,
): Promise<Running> {
  if ('names' in started) {
    const { runController } = await import('./controller/run.ts')
    return runController(started, log)
  }
  const { places, memoryMb, flows, workerCpu, aead } = started
  if (role === 'gateway') {
    const { runGateway } = await import('./gateway/run.ts')
    return runGateway(places, log, logRing)
  }
  const { serveDatapath } = await import('./datapath/serve.ts')
  const socketPath = places.datapathSocket
  return serveDatapath({ socketPath, log, memoryMb, flows, workerCpu, aead })
}

function isRole(word: string): word is Role {
  return (roles as readonly string[]).includes(word)
}
