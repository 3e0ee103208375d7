/**
 * `node build/fuzz.ts SECONDS [TARGET…]`: builds the libFuzzer targets of native/fuzz (build/sanitized.sh), and runs each
 * for so long from its kept corpus, as many at once as there are cores; on stderr it tells each minute how far it is. The
 * last line is JSON; the exit code is 1 when a target found something, which then lies beside it in
 * native/out-sanitized/fuzz.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

interface Fuzzed {
  readonly target: string
  readonly runs: number
  readonly isClean: boolean
}

const root = join(import.meta.dirname, '..')
const out = 'native/out-sanitized/fuzz'
const tailBytes = 20_000
const tellMs = 60_000
/** No targets of their own: what they share, and one with a fault that is to be found. */
const asides: readonly string[] = ['bench', 'planted']
const children = new Set<ChildProcess>()
/** When each target that runs was started. */
const startedMs = new Map<string, number>()
let isStopped = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    isStopped = true
    for (const child of children) child.kill('SIGTERM')
  })
}

const [secondsText = '20', ...wanted] = process.argv.slice(2)
const seconds = Number(secondsText)
if (!(seconds >= 1)) throw new Error('usage: node build/fuzz.ts SECONDS [TARGET…]')
const targets = wanted.length > 0 ? wanted : targetsOf()
await must(['sh', 'build/sanitized.sh', ...targets.map((name) => `fuzz/fuzz_${name}`)])
const left = [...targets]
const fuzzed: Fuzzed[] = []
const worker = async (): Promise<void> => {
  for (let target = left.shift(); target !== undefined && !isStopped; target = left.shift()) {
    fuzzed.push(await fuzz(target))
  }
}
const telling = setInterval(tell, tellMs)
await Promise.all(Array.from({ length: availableParallelism() }, worker))
clearInterval(telling)
console.log(JSON.stringify({ event: 'fuzzed', seconds, fuzzed }))
process.exitCode = !isStopped && fuzzed.every(({ isClean }) => isClean) ? 0 : 1

function tell(): void {
  const running = [...startedMs].map(([target, sinceMs]) => {
    return `${target} ${((performance.now() - sinceMs) / 1000).toFixed(0)} of ${seconds} s`
  })
  console.error(`fuzzers: ${fuzzed.length} of ${targets.length} done; ${running.join(', ')}`)
}

/** Every fuzz_X.c that is a target, by its X. */
function targetsOf(): string[] {
  const files = readdirSync(join(root, 'native/fuzz'))
  const names = files.flatMap((file) => /^fuzz_(\w+)\.c$/.exec(file)?.[1] ?? [])
  return names.filter((name) => !asides.includes(name)).sort()
}

async function fuzz(target: string): Promise<Fuzzed> {
  const program = `${out}/fuzz_${target}`
  const corpus = `native/fuzz/corpus/${target}`
  startedMs.set(target, performance.now())
  const { code, text } = await run(['sh', 'native/fuzz/run.sh', program, corpus, String(seconds)])
  startedMs.delete(target)
  const runs = Number(/stat::number_of_executed_units:\s+(\d+)/.exec(text)?.[1] ?? 0)
  const isClean = code === 0 && runs > 0
  console.log(`${target}: ${runs} inputs in ${seconds} s${isClean ? '' : `, FAILED (${code})`}`)
  if (!isClean && !isStopped) console.log(text)
  return { target, runs, isClean }
}

async function must(argv: readonly string[]): Promise<void> {
  const { code, text } = await run(argv)
  if (code === 0) return
  console.log(text)
  throw new Error(`${argv.join(' ')}: exit code ${code}`)
}

/** The end of what it says, both streams together. */
function run([command, ...args]: readonly string[]): Promise<{
  code: number | null
  text: string
}> {
  return new Promise((resolve, reject) => {
    let text = ''
    const child = spawn(command!, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    children.add(child)
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        text = (text + chunk).slice(-tailBytes)
      })
    }
    child.once('error', reject)
    child.once('close', (code) => {
      children.delete(child)
      resolve({ code, text })
    })
  })
}
