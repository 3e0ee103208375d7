/** How each slot is, from what the boot loader, RAUC and the note of the last update say of it. Pure. */
import type { SlotAnswer } from '../../model/local-api-slots.ts'
import type { RaucStatus } from '../../model/rauc-answer.ts'
import { type SlotName, type SlotNote, slotNames } from '../../model/slot-note.ts'
import type { BootFacts } from './boot.ts'

export interface SlotFacts {
  readonly boot: BootFacts
  /** Null: it answers nothing now, since it writes. */
  readonly rauc: RaucStatus | null
  /** Of the image that runs; null: it does not say. */
  readonly version: string | null
  readonly note: SlotNote | null
}

type Standing = Pick<SlotAnswer, 'version' | 'state' | 'reason'>

export function slotAnswers(facts: SlotFacts): SlotAnswer[] {
  const { boot, version } = facts
  return slotNames.map((name) => {
    const isRunning = name === boot.current
    const state = isProven(boot) ? 'good' : 'trying'
    const standing: Standing = isRunning ? { version, state, reason: null } : other(name, facts)
    return { name, isRunning, isNext: name === (boot.next ?? boot.good), ...standing }
  })
}

/** Whether what runs is what would be gone back to. */
export function isProven({ current, good, sound }: BootFacts): boolean {
  return current === good && sound.includes(current)
}

export function otherThan(name: SlotName): SlotName {
  return name === 'A' ? 'B' : 'A'
}

/** Whether the update that was noted is in the other slot now, has been tried, and is not the one that is started next. */
export function hasGoneBack({ boot, rauc, note }: SlotFacts): boolean {
  if (rauc === null || note === null || note.isProven) return false
  const { status, version } = writtenInto(note.slot, rauc)
  const isThere = status === 'ok' && version === note.update
  return isThere && note.slot !== boot.current && note.slot !== boot.next
}

export function reasonOf({ reasons }: SlotNote): string {
  if (reasons === null) return 'it did not start, or not far enough to say why'
  return `it did not prove itself: ${reasons.join('; ')}`
}

function other(name: SlotName, facts: SlotFacts): Standing {
  const { boot, rauc, note } = facts
  if (rauc === null) return bad(null, 'an update is being written into it')
  const { status, version } = writtenInto(name, rauc)
  if (status !== null && status !== 'ok') {
    const isBegun = status === 'pending'
    const what = isBegun ? 'the writing of an update was cut short' : 'an update was damaged'
    return bad(null, `${what}: install it again`)
  }
  // What came with the image was not written by RAUC: it is known from having run.
  const known = version ?? (note !== null && note.slot !== name ? note.from : null)
  if (boot.sound.includes(name)) return { version: known, state: 'good', reason: null }
  if (boot.next === name) return { version: known, state: 'trying', reason: null }
  if (note !== null && note.slot === name && hasGoneBack(facts)) return bad(known, reasonOf(note))
  if (known === null) return { version: null, state: 'empty', reason: null }
  return bad(known, 'it did not prove itself')
}

function bad(version: string | null, reason: string): Standing {
  return { version, state: 'bad', reason }
}

function writtenInto(
  name: SlotName,
  { slots }: RaucStatus,
): { readonly status: string | null; readonly version: string | null } {
  const all = slots.flatMap((one) => Object.values(one))
  const { slot_status: found } = all.find(({ bootname }) => bootname === name) ?? {}
  return { status: found?.status ?? null, version: found?.bundle?.version ?? null }
}
