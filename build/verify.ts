/**
 * `npm run check` and `npm test`: named steps, one after the other but for what is begun ahead, each timed; the first that fails ends
 * the run. Setting up the machine is build/setup.sh's job. Signals are passed on to the running step and end
 * the run once that step has cleaned up.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

interface Step {
  readonly title: string
  readonly argv: readonly string[]
  /** What it needs to be made before; or `true`: it itself. Begun with the step `aheadFrom`, by what nobody else has a use for. */
  readonly ahead?: readonly string[] | true
}

const root = join(import.meta.dirname, '..')
const node = process.execPath

/** A test that hangs is a test that fails. */
const test = [node, '--test', '--test-timeout=240000', '--test-reporter=dot'] as const
/** Hundreds of processes read the same sources: what Node makes of them is kept, as for those of labs. */
const env = { NODE_COMPILE_CACHE: join(root, '.cache/node'), ...process.env }

/** Tests that only compute run on all cores. */
const computing: readonly string[] = [
  ...readdirSync(join(root, 'test/unit'))
    .filter((folder) => folder !== 'native')
    .map((folder) => `unit/${folder}`),
  ...['vector', 'sim', 'fuzz'],
]
const allCores = `--test-concurrency=${availableParallelism()}`

const checkSteps: readonly Step[] = [
  { title: 'types', argv: [node, 'node_modules/typescript/bin/tsc', '-p', '.'] },
  { title: 'types of the web UI', argv: [node, 'node_modules/typescript/bin/tsc', '-p', 'webui'] },
  { title: 'lint and format', argv: [node, 'node_modules/@biomejs/biome/bin/biome', 'check'] },
  { title: 'laws', argv: [node, '--test', '--test-reporter=dot', 'test/law/**/*.test.ts'] },
]

const testSteps: readonly Step[] = [
  ...checkSteps,
  { title: 'native tests', argv: ['meson', 'test', '-C', 'native/out', '--print-errorlogs'] },
  {
    title: 'unit, vector, sim and fuzz tests',
    argv: [...test, allCores, ...computing.map((folder) => `test/${folder}/**/*.test.ts`)],
  },
  { title: 'unit/native tests', argv: [...test, 'test/unit/native/**/*.test.ts'] },
  // Each lab has namespaces of its own, and waits more than it works.
  { title: 'lab tests', argv: [...test, '--test-concurrency=2', 'test/lab/**/*.test.ts'] },
  { title: 'browser tests', argv: [...test, 'test/browser/**/*.test.ts'], ahead: true },
  {
    title: 'native tests with ASan and UBSan',
    ahead: ['sh', 'build/sanitized.sh', 'meson-test-prereq'],
    argv: ['sh', 'build/sanitized.sh'],
  },
  {
    title: 'acceptance, in short',
    argv: [node, 'test/accept/accept.ts', 'all', '--quick'],
  },
]

const aheadFrom = 'lab tests'
/** A step that takes longer hangs: a file whose tests are through, but which something in it keeps alive, has no end by itself. */
const mostStepMs = 15 * 60_000

let running: ChildProcess | undefined
let stopSignal: NodeJS.Signals | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // npm forwards what the terminal has already sent to everyone: the step sees it twice, and may.
    stopSignal = signal
    running?.kill(signal)
  })
}

/** Of what a step ahead says: its end is what tells why it failed. */
const keptChars = 100_000

interface Ended {
  readonly code: number
  readonly text: string
}

/** What is under way ahead, by the step that waits for it. */
const ahead = new Map<Step, { readonly child: ChildProcess; readonly ended: Promise<Ended> }>()

/** Labs wait more than they work. */
function beginAhead(step: Step): void {
  const argv = step.ahead === true ? step.argv : step.ahead!
  const child = spawn('chrt', ['--idle', '0', ...argv], { cwd: root, env })
  process.once('exit', () => child.kill('SIGTERM'))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text = (text + more).slice(-keptChars)
    })
  }
  const ended = new Promise<Ended>((resolve) => {
    child.once('error', (error) => resolve({ code: 1, text: String(error) }))
    child.once('close', (code) => resolve({ code: code ?? 1, text }))
  })
  ahead.set(step, { child, ended })
}

/** @returns the exit code; 1 when the step was killed by a signal */
async function run(step: Step): Promise<number> {
  const begun = ahead.get(step)
  if (begun !== undefined) {
    running = begun.child
    const wasLate = endIfLate(begun.child)
    const { code, text } = await begun.ended
    const isOver = wasLate()
    if (step.ahead === true) process.stdout.write(text)
    if (step.ahead === true || isOver || stopSignal !== undefined) return isOver ? 1 : code
  }
  // What could not be made ahead, the step itself makes, and says what is wrong.
  const [command, ...args] = step.argv
  return new Promise((resolve, reject) => {
    const child = spawn(command!, args, { cwd: root, env, stdio: 'inherit' })
    running = child
    const wasLate = endIfLate(child)
    child.once('error', reject)
    child.once('exit', (code) => resolve(wasLate() ? 1 : (code ?? 1)))
  })
}

/** @returns takes the limit away, and tells whether it came to it */
function endIfLate(child: ChildProcess): () => boolean {
  let isLate = false
  const limit = setTimeout(() => {
    isLate = true
    console.log(`\nnot done in ${mostStepMs / 60_000} min; it waits for:\n${familyOf(child)}`)
    child.kill('SIGTERM')
  }, mostStepMs)
  return () => {
    clearTimeout(limit)
    return isLate
  }
}

/** With what it runs, each by its last word. */
function familyOf({ pid }: ChildProcess): string {
  const argv = ['--pid', String(pid), '--ppid', String(pid), '-o', 'etimes=,args=']
  const found = execFileSync('ps', argv, { encoding: 'utf8' })
  return found.replace(/^( *\d+) .* (\S+)$/gm, '$1 s $2')
}

const verb = process.argv[2]
const startedMs = performance.now()
for (const step of verb === 'test' ? testSteps : checkSteps) {
  console.log(`── ${step.title}`)
  if (step.title === aheadFrom) {
    for (const later of testSteps) if (later.ahead !== undefined) beginAhead(later)
  }
  const stepStartedMs = performance.now()
  const code = await run(step)
  const seconds = ((performance.now() - stepStartedMs) / 1000).toFixed(1)
  if (stopSignal !== undefined) process.exit(1)
  if (code !== 0) {
    console.log(`── ${step.title}: FAILED after ${seconds} s`)
    process.exit(1)
  }
  console.log(`── ${step.title}: ok, ${seconds} s`)
}
console.log(`── all ok, ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
