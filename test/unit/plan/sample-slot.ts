/** A box that is well before an update, for tests of what comes after it. */
import type { SlotBefore, SlotNote } from '../../../firmware/model/slot-note.ts'

export const sampleBefore: SlotBefore = {
  ...{ configSource: 'file', isApplied: true, absentNics: [], isLinked: true, peersUp: 2 },
}

/** Of 0.2.0, written into slot B while 0.1.0 ran. */
export const sampleNote: SlotNote = {
  ...{ version: 1, slot: 'B', update: '0.2.0', from: '0.1.0', before: sampleBefore },
  ...{ isProven: false, reasons: null, isTold: false },
}
