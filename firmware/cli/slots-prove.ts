/**
 * `causeway slots prove`: run by the supervisor after each start, in a process of its own, so that a broken gateway cannot vouch for
 * itself. It judges by plan/slot-proof.ts, and has the gateway mark the slot good. Exit codes are what the supervisor goes by: 1 alone
 * has the machine started anew.
 */
import { type BootFacts, readBoot } from '../host/slots/boot.ts'
import { readSlotNote, writeSlotNote } from '../host/slots/note.ts'
import { askApi } from '../host/system/api-client.ts'
import { hasFile } from '../host/system/file.ts'
import type { EnrolmentAnswer } from '../model/enrolment.ts'
import { CausewayError } from '../model/errors.ts'
import type { Status } from '../model/local-api.ts'
import { noteReasons, type SlotNote } from '../model/slot-note.ts'
import { lateMs, slotAnswerMs } from '../model/upkeep-limits.ts'
import { type ProofFacts, proofLacks } from '../plan/slot-proof.ts'
import { type Call, type ExitCode, exitCode } from './call.ts'

export interface ProofTimes {
  readonly mostMs: number
  readonly pauseMs: number
  /** It must lack nothing for so long, by one and the same gateway. */
  readonly steadyMs: number
}

const usual: ProofTimes = { mostMs: 5 * 60_000, pauseMs: 2_000, steadyMs: 6_000 }

export async function prove(call: Call, times: ProofTimes = usual): Promise<ExitCode> {
  const { places, output, isJson } = call
  if (!(await hasFile(places.slotsProgram))) {
    return said(call, { isProven: true, slot: null, reasons: [] }, exitCode.done)
  }
  const endMs = performance.now() + times.mostMs
  const note = await readSlotNote(places.slotNote)
  const boot = await readBoot(places.slotsProgram).catch((error: unknown) => {
    if (!isJson) output.err(`${problemOf(error)}\n`)
    return null
  })
  const slot = boot?.current ?? note?.slot ?? null
  // Another start leads back to the good one. Of what the boot loader knows nothing can be said: an update that was noted is on trial.
  const isTry = boot === null ? isNoted(note) : boot.current !== boot.good
  const wasGood = boot === null ? !isTry : boot.sound.includes(boot.current)
  const before = note !== null && note.slot === slot ? note.before : null
  const reasons = await lackAtEnd(call, times, endMs, { wasGood, before })
  if (reasons.length === 0) return said(call, { isProven: true, slot, reasons }, exitCode.done)
  if (isTry) await keepReasons(call, note, boot, reasons)
  return said(
    call,
    { isProven: false, slot, reasons },
    isTry ? exitCode.failed : exitCode.unreachable,
  )
}

/** Asks until nothing is lacking and it is marked, or the time is up. */
async function lackAtEnd(
  call: Call,
  { pauseMs, steadyMs }: ProofTimes,
  endMs: number,
  judged: Pick<ProofFacts, 'wasGood' | 'before'>,
): Promise<string[]> {
  const { places, output, isJson } = call
  let told = ''
  let sinceMs: number | null = null
  let uptimeSeconds = 0
  for (;;) {
    const gateway = await askGateway(places.apiSocket)
    let lacks = lacksOf({ ...judged, gateway })
    const nowMs = performance.now()
    const upSeconds = 'silence' in gateway ? 0 : gateway.status.uptimeSeconds
    // Another gateway than before: one that keeps ending is none.
    if (lacks.length > 0 || upSeconds < uptimeSeconds) sinceMs = null
    else sinceMs ??= nowMs
    uptimeSeconds = upSeconds
    if (sinceMs !== null && nowMs - sinceMs >= steadyMs) {
      lacks = await markGood(places.apiSocket)
      if (lacks.length === 0) return []
    }
    if (performance.now() + pauseMs >= endMs) {
      return lacks.length > 0 ? lacks : ['it was well for too short a time']
    }
    const text = lacks.map((lack) => `not proven yet: ${lack}\n`).join('')
    if (text !== told && !isJson) output.err(text)
    told = text
    await new Promise((next) => setTimeout(next, pauseMs))
  }
}

/** Of an answer that no gateway of this version gives, too: a judge that falls would take a slot that works along. */
function lacksOf(facts: ProofFacts): string[] {
  try {
    return proofLacks(facts)
  } catch (error) {
    return [`its answers make no sense: ${problemOf(error)}`]
  }
}

async function askGateway(socket: string): Promise<ProofFacts['gateway']> {
  try {
    const [status, enrolment] = await Promise.all([
      askApi(socket, '/api/v1/status'),
      askApi(socket, '/api/v1/enrolment'),
    ])
    return {
      status: JSON.parse(status) as Status,
      enrolment: JSON.parse(enrolment) as EnrolmentAnswer,
    }
  } catch (error) {
    return { silence: problemOf(error) }
  }
}

async function markGood(socket: string): Promise<string[]> {
  try {
    await askApi(socket, '/api/v1/slots/good', { post: {}, timeoutMs: slotAnswerMs + lateMs })
    return []
  } catch (error) {
    return [`it cannot be marked: ${problemOf(error)}`]
  }
}

function isNoted(note: SlotNote | null): boolean {
  return note !== null && !note.isProven
}

/** For the firmware that is gone back to, and whoever asks it. */
async function keepReasons(
  { places, output }: Call,
  note: SlotNote | null,
  boot: BootFacts | null,
  reasons: readonly string[],
): Promise<void> {
  if (note === null || (boot !== null && boot.current !== note.slot)) return
  await writeSlotNote(places.slotNote, { ...note, reasons: noteReasons(reasons) }).catch(
    (error: unknown) => output.err(`${problemOf(error)}\n`),
  )
}

interface Proof {
  readonly isProven: boolean
  /** Null: this machine has none. */
  readonly slot: string | null
  readonly reasons: readonly string[]
}

function said({ isJson, output }: Call, proof: Proof, code: ExitCode): ExitCode {
  const { isProven, slot, reasons } = proof
  if (isJson) output.out(`${JSON.stringify(proof)}\n`)
  else if (slot === null && isProven) output.out('this machine has no slots: nothing to prove\n')
  else if (isProven) output.out(`slot ${slot} has proven itself\n`)
  else output.err(reasons.map((reason) => `slot ${slot ?? '?'} not proven: ${reason}\n`).join(''))
  return code
}

function problemOf(error: unknown): string {
  if (!(error instanceof CausewayError)) return error instanceof Error ? error.message : `${error}`
  const { message, code, detail } = error
  return `${message}${detail === undefined ? '' : ` (${detail})`} (${code})`
}
