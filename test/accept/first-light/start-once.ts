/**
 * `sudo npm start -- --once` ends with 0 in time and leaves nothing. The full form does it in a fresh clone too,
 * where set-up is part of the time (Debian's packages, being on this machine already, are not).
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../lab/command.ts'
import { readHugepages } from '../../lab/machine.ts'
import { hugepagesOfNobody, leftoversOf, machineEntries } from '../leftovers.ts'
import type { Check, Context, Line } from '../line.ts'

const root = join(import.meta.dirname, '../../..')
const shownFaults = ['corrupt-file', 'drop-udp']
/** The quick form runs beside other work and is no timed test. */
const limitSeconds = { ready: 20, quick: 60, clone: 300 }

export const startOnce: Line = {
  name: 'start-once',
  title: 'one command starts three branches, proves that all reach each other, and leaves nothing',
  isQuickBeside: true,
  faults: {
    'corrupt-file': 'ends with 0',
    'drop-udp': 'ends with 0',
    'leak-namespace': 'leaves',
    'leak-process': 'leaves',
    'leak-file': 'leaves',
    'leak-hugepage': 'hugepages',
  },
  measure: async (context) => {
    const limit = context.isQuick ? limitSeconds.quick : limitSeconds.ready
    const checks = await startIn(root, 'here', limit, context)
    return context.isQuick || context.fault !== undefined
      ? checks
      : [...checks, ...(await startInClone(context))]
  },
}

async function startIn(
  folder: string,
  where: string,
  limit: number,
  { fault }: Context,
): Promise<Check[]> {
  const id = randomBytes(2).toString('hex')
  const pagesBefore = await hugepagesOfNobody()
  const entriesBefore = machineEntries()
  const startedMs = performance.now()
  const plant = fault !== undefined && shownFaults.includes(fault) ? ['--plant', fault] : []
  const { code, said } = await npmStart(folder, id, limit * 2, plant)
  const seconds = (performance.now() - startedMs) / 1000
  await using _leak = await plantLeak(fault, id)
  const isNew = (path: string): boolean => !entriesBefore.has(path)
  const left = [...leftoversOf(id), ...[...machineEntries()].filter(isNew)]
  const pages = (await hugepagesOfNobody()) - pagesBefore
  if (code !== 0) console.error(said)
  return [
    {
      check: `ends with 0 (${where})`,
      target: 'all pairs, content compared',
      figure: code === 0 ? (/(\d+ ordered pairs.*)/.exec(said)?.[1] ?? 'says nothing') : `${code}`,
      isOk: code === 0 && said.includes('6 ordered pairs of LAN hosts: all reach each other'),
    },
    {
      check: `takes (${where})`,
      target: `< ${limit} s`,
      figure: `${seconds.toFixed(1)} s`,
      isOk: seconds < limit,
    },
    {
      check: `leaves (${where})`,
      target: 'nothing',
      figure: left.length === 0 ? 'nothing' : left.join(', '),
      isOk: left.length === 0,
    },
    {
      check: `hugepages kept (${where})`,
      target: '0',
      figure: String(pages),
      isOk: pages === 0,
    },
  ]
}

async function startInClone(context: Context): Promise<Check[]> {
  const parent = mkdtempSync(join(tmpdir(), 'causeway-accept-'))
  try {
    const clone = join(parent, 'causeway')
    await run(['git', 'clone', '--quiet', '--no-hardlinks', root, clone], { timeoutMs: 60_000 })
    const checks = await startIn(clone, 'fresh clone, set-up included', limitSeconds.clone, context)
    const changed = await run(['git', '-C', clone, 'status', '--porcelain'])
    const figure = changed === '' ? 'nothing' : changed.trim()
    const kept = { check: 'changes in the clone', target: 'nothing', figure, isOk: changed === '' }
    return [...checks, kept]
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
}

/** Runs what the README says, as its own process group. @returns exit code (−1: killed) and output */
function npmStart(
  folder: string,
  id: string,
  limitSecondsHard: number,
  more: readonly string[],
): Promise<{ code: number; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['start', '--', '--once', ...more], {
      cwd: folder,
      env: { ...process.env, CAUSEWAY_LAB_ID: id },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    const timer = setTimeout(() => child.kill('SIGTERM'), limitSecondsHard * 1000)
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code: code ?? -1, said: Buffer.concat(chunks).toString() })
    })
  })
}

async function plantLeak(fault: string | undefined, id: string): Promise<AsyncDisposable> {
  if (fault === 'leak-namespace') {
    await run(['ip', 'netns', 'add', `cw-leak-${id}`])
    return undo(async () => void (await run(['ip', 'netns', 'del', `cw-leak-${id}`])))
  }
  if (fault === 'leak-process') {
    const child = spawn('tail', ['-f', '/dev/null'], {
      env: { ...process.env, CAUSEWAY_LAB_ID: id },
      stdio: 'ignore',
    })
    return undo(async () => void child.kill('SIGKILL'))
  }
  if (fault === 'leak-hugepage') {
    const pages = readHugepages()
    writeFileSync('/proc/sys/vm/nr_hugepages', String(pages + 1))
    return undo(async () => writeFileSync('/proc/sys/vm/nr_hugepages', String(pages)))
  }
  if (fault === 'leak-file') {
    mkdirSync('/run/causeway', { recursive: true })
    writeFileSync(`/run/causeway/leak-${id}`, '')
    return undo(async () => rmSync(`/run/causeway/leak-${id}`))
  }
  return undo(async () => {})
}

function undo(how: () => Promise<void>): AsyncDisposable {
  return { [Symbol.asyncDispose]: how }
}
