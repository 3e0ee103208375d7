/** A TCP connection between two hosts that goes on for as long as one likes, and what came of it (traffic/steady.ts). */
import { CausewayError } from '../../firmware/model/errors.ts'
import { hostAddress, startNode } from './hosts.ts'
import type { Lab } from './lab.ts'
import type { Program } from './program.ts'

const port = 8090
const startTimeoutMs = 10_000
const endTimeoutMs = 30_000

export interface SteadyReport {
  /** Bytes, both ways together. */
  readonly sent: number
  readonly received: number
  readonly isEqual: boolean
  /** The client's port. */
  readonly port: number
  /** The longest time without an arrival, at either end. */
  readonly longestMs: number
}

export interface Steady extends AsyncDisposable {
  /** Ends it in order, and accounts for every byte. @throws LAB_PROGRAM when the connection broke */
  finish(): Promise<SteadyReport>
  /** The server's end. */
  readonly server: Program
}

type Done = Omit<SteadyReport, 'port'>

/** @param isCorrupt has the server change a byte, to show that a comparison would see it */
export async function startSteady(
  lab: Lab,
  from: string,
  to: string,
  isCorrupt = false,
): Promise<Steady> {
  await using unless = new AsyncDisposableStack()
  const server = unless.use(
    startNode(lab, to, 'steady.ts', ['serve', port, ...(isCorrupt ? ['corrupt'] : [])]),
  )
  await server.line((line) => line.includes('"listening"'), startTimeoutMs)
  const client = unless.use(
    startNode(lab, from, 'steady.ts', ['connect', hostAddress(lab, to), port]),
  )
  const connected = await client.line((line) => line.includes('"connected"'), startTimeoutMs)
  const started = unless.move()
  const ends = [client, server]
  return {
    server,
    finish: async () => {
      const answers = ends.map(async (end) => done(end))
      for (const end of ends) end.write('end\n')
      const all = await Promise.all(answers)
      return {
        sent: sum(all, 'sent'),
        received: sum(all, 'received'),
        isEqual: all.every(({ isEqual }) => isEqual),
        longestMs: Math.max(...all.map(({ longestMs }) => longestMs)),
        port: (JSON.parse(connected) as { port: number }).port,
      }
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}

async function done(end: Program): Promise<Done> {
  const line = await end.line((text) => /"event":"(done|failed)"/.test(text), endTimeoutMs)
  const said = JSON.parse(line) as Done & { event: string; message?: string }
  if (said.event === 'done') return said
  throw new CausewayError('LAB_PROGRAM', `${end.title}: ${said.message}`)
}

function sum(all: readonly Done[], key: 'sent' | 'received'): number {
  return all.reduce((total, one) => total + one[key], 0)
}
