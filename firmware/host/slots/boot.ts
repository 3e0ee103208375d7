/**
 * Which slot an appliance is started by, as the program `/usr/lib/causeway/slots` of its image keeps it for the boot loader. What it
 * prints is read as foreign text: it may be of another version of the image.
 */
import { CausewayError } from '../../model/errors.ts'
import { type SlotName, slotNames } from '../../model/slot-note.ts'
import { run } from '../system/command.ts'

/** Under emulation, or beside an install, a shell takes its time. */
const timeoutMs = 60_000
const mostLetters = 4_096

export interface BootFacts {
  /** Runs now. */
  readonly current: SlotName
  /** Has proven itself, and is started unless the next line says otherwise. */
  readonly good: SlotName
  /** Is tried by the next start, once; null: none is. */
  readonly next: SlotName | null
  /** Those that have proven themselves with what is in them. */
  readonly sound: readonly SlotName[]
}

/** @throws HOST_ errors: there is no such program here, or it answers in another form */
export async function readBoot(program: string): Promise<BootFacts> {
  return bootFactsOf(await run([program, 'status'], { timeoutMs }))
}

/** @param status lines NAME=VALUE: `current=A`, `good=A`, `a=ok`, `b=bad`, `try=B` @throws HOST_SYSTEM */
export function bootFactsOf(status: string): BootFacts {
  if (status.length > mostLetters) throw unreadable('it is too long')
  const said = new Map<string, string>()
  for (const line of status.split('\n')) {
    const [, name, value] = /^([a-z_]{1,16})=(.{0,64})$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) said.set(name, value)
  }
  const tried = said.get('try') ?? ''
  return {
    current: slotOf(said.get('current') ?? '', 'current'),
    good: slotOf(said.get('good') ?? '', 'good'),
    next: tried === '' ? null : slotOf(tried, 'try'),
    sound: slotNames.filter((name) => said.get(name.toLowerCase()) === 'ok'),
  }
}

function slotOf(text: string, what: string): SlotName {
  const found = slotNames.find((name) => name === text)
  if (found !== undefined) return found
  throw unreadable(`${what} is '${text.slice(0, 32)}'`)
}

function unreadable(detail: string): CausewayError {
  return new CausewayError('HOST_SYSTEM', 'what is said of the slots cannot be read', { detail })
}
