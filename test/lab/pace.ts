/**
 * Evenly paced UDP flows between two places of a lab, such as 1,000 datagrams a second, to measure how long nothing
 * arrives when something happens on the way (native/test/pace.c). gaps.ts says what comes out.
 */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { accountsOf, type FlowAccount, type PaceSent, parseRecords } from './gaps.ts'
import type { Lab } from './lab.ts'
import type { Program } from './program.ts'

const program = join(import.meta.dirname, '../../native/out/test/pace')
const startTimeoutMs = 10_000
const maxRecords = 4_000_000
const leastBytes = 24
const settleRounds = 50
const settleMs = 100

export interface Pace {
  /** Of each flow. */
  readonly ratePps: number
  /** UDP port at the receiver. */
  readonly port?: number
  /** Each has a source port of its own; one unless told, at most 64. */
  readonly flows?: number
  /** Of the payload: 24 to 1472. */
  readonly bytes?: number
  readonly dscp?: number
  /** Address that is sent from. */
  readonly source?: string
}

export interface PaceReport {
  readonly beganNs: number
  readonly endedNs: number
  /** By the sender's own socket. */
  readonly refused: number
  /** Lost in the receiver's socket buffer: proves nothing unless it is 0. */
  readonly missed: number
  readonly flows: readonly FlowAccount[]
}

/** Flows that are being sent. */
export class PacedFlows implements AsyncDisposable {
  readonly #pace: Pace
  readonly #source: Program
  readonly #sink: Program
  readonly #file: string
  #asked = 0

  constructor(pace: Pace, source: Program, sink: Program, file: string) {
    this.#pace = pace
    this.#source = source
    this.#sink = sink
    this.#file = file
  }

  /** Waits until something of a flow has arrived. @returns when it did. @throws LAB_TIMEOUT */
  async heard(flow = 0, timeoutMs = startTimeoutMs): Promise<number> {
    const said = await this.#sink.line(
      (line) => line.includes(`"heard","flow":${flow},`),
      timeoutMs,
    )
    return (JSON.parse(said) as { atNs: number }).atNs
  }

  /** How many datagrams have arrived, of all flows. */
  async received(): Promise<number> {
    return (await this.#report()).records
  }

  /** Ends sending, and accounts for what arrived until nothing more does. */
  async finish(): Promise<PaceReport> {
    this.#source.write('end\n')
    const said = await this.#source.line((line) => line.includes('"sent"'), startTimeoutMs)
    const sent = JSON.parse(said) as PaceSent
    const total = sent.sent.reduce((sum, count) => sum + count, 0)
    let report = await this.#report()
    let quiet = 0
    for (let round = 0; round < settleRounds && quiet < 5 && report.records < total; round++) {
      await new Promise((passed) => setTimeout(passed, settleMs))
      const next = await this.#report()
      quiet = next.records === report.records ? quiet + 1 : 0
      report = next
    }
    const records = parseRecords(readFileSync(this.#file))
    const { beganNs, endedNs, refused } = sent
    const flows = accountsOf(records, sent, this.#pace.ratePps)
    return { beganNs, endedNs, refused, missed: report.missed + report.full, flows }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#source.stop(), this.#sink.stop()])
    rmSync(this.#file, { force: true })
  }

  async #report(): Promise<{ records: number; missed: number; full: number }> {
    const id = ++this.#asked
    const said = this.#sink.line((line) => line.includes(`"id":${id},`), startTimeoutMs)
    this.#sink.write(`${id}\n`)
    return JSON.parse(await said)
  }
}

let started = 0

/**
 * Starts flows from one place of the lab to an address of another.
 * @param from any place of the lab, as for `Lab.exec`; so is `to`, where the address is
 */
export async function startPace(
  lab: Lab,
  from: string,
  to: string,
  address: string,
  pace: Pace,
): Promise<PacedFlows> {
  const { port = 9100, flows = 1, bytes = leastBytes, dscp = 0, ratePps } = pace
  const file = `/run/causeway-lab/${lab.id}-pace-${++started}.bin`
  const sink = lab.spawn(to, [program, 'receive', String(port), String(maxRecords), file])
  await sink.line((line) => line.includes('"listening"'), startTimeoutMs)
  const numbers = [port, ratePps, flows, bytes, 0, dscp].map(String)
  const source = pace.source === undefined ? [] : [pace.source]
  const sending = lab.spawn(from, [program, 'send', address, ...numbers, ...source])
  await sending.line((line) => line.includes('"sending"'), startTimeoutMs)
  return new PacedFlows(pace, sending, sink, file)
}
