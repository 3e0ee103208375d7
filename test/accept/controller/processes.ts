/** The processes of a line about a controller: the controller itself, as it is started on a machine, and the simulator of its boxes. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { askController } from '../../../firmware/host/link/controller-client.ts'
import { CausewayError } from '../../../firmware/model/errors.ts'
import { Program } from '../../lab/program.ts'
import { type ManyEdges, tenant } from './many-edges.ts'
import type { SimulatorAnswer, SimulatorAsk, SimulatorSetup } from './simulator.ts'

const causeway = join(import.meta.dirname, '../../../build/causeway')
const simulatorFile = join(import.meta.dirname, 'simulator.ts')
const startMs = 30_000
const answerMs = 120_000
/** Beyond what it was given. */
const graceMs = 10_000
/** USER_HZ, which Linux tells user programs on every machine. */
const ticksPerSecond = 100

/** Listens once it returns. @param onStart hears of the process before that */
export async function startController(
  folder: string,
  port: number,
  onStart: (program: Program) => void = () => {},
): Promise<Program> {
  const at = ['--root', folder, '--listen', `127.0.0.1:${port}`, '--name', '127.0.0.1']
  const program = new Program({ argv: [causeway, 'controller', ...at], title: 'the controller' })
  onStart(program)
  await program.line((line) => line.includes('"controller ready"'), startMs, 'that it listens')
  return program
}

/** One that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { readonly port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Asks the API as an owner of the fleet. @param path below the tenant */
export function askApi(
  { authority, token }: Pick<ManyEdges, 'authority' | 'token'>,
  port: number,
  path: string,
  body?: object,
): Promise<unknown> {
  return askController({
    ...{ controller: { host: '127.0.0.1', port }, authority, token, timeoutMs: answerMs },
    ...{ method: body === undefined ? 'GET' : 'POST', path: `/api/v1/tenants/${tenant}/${path}` },
    ...(body === undefined ? {} : { body }),
  })
}

export class Simulator implements AsyncDisposable {
  readonly program: Program
  #onAnswer: ((answer: SimulatorAnswer) => void) | null = null

  constructor(folder: string, setup: SimulatorSetup) {
    const file = join(folder, 'simulator.json')
    writeFileSync(file, JSON.stringify(setup), { mode: 0o600 })
    this.program = new Program({
      argv: [process.execPath, simulatorFile, file],
      title: 'the simulator',
      onLine: (line) => this.#take(line),
    })
  }

  tell(asked: SimulatorAsk): void {
    this.program.write(`${JSON.stringify(asked)}\n`)
  }

  /** One at a time. @throws LAB_TIMEOUT */
  async ask<Kind extends SimulatorAnswer['answer']>(
    asked: SimulatorAsk & { readonly ask: Kind },
  ): Promise<Extract<SimulatorAnswer, { readonly answer: Kind }>> {
    const { promise, resolve, reject } = Promise.withResolvers<SimulatorAnswer>()
    const timeoutMs = ('withinMs' in asked ? asked.withinMs : 0) + graceMs
    const late = new CausewayError('LAB_TIMEOUT', `the simulator says nothing of ${asked.ask}`)
    const timer = setTimeout(() => reject(late), timeoutMs)
    this.#onAnswer = (answer) => {
      if (answer.answer === asked.ask) resolve(answer)
    }
    this.tell(asked)
    try {
      return (await promise) as Extract<SimulatorAnswer, { readonly answer: Kind }>
    } finally {
      clearTimeout(timer)
      this.#onAnswer = null
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]()
  }

  #take(line: string): void {
    if (line.startsWith('{')) this.#onAnswer?.(JSON.parse(line) as SimulatorAnswer)
  }
}

/** What a process has used since it began, all its threads together. */
export function cpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // Behind the name, which may hold anything: proc(5), fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond
}

export function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!
  return Number(kilobytes) * 1_024
}
