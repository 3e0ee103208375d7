/**
 * The port to the slots that an appliance's firmware lies in: two of them, of which one runs and the other takes the next. Behind it
 * stand `rauc.ts`, for an appliance, `none.ts`, for a machine whose packages are its administrator's, and `fake.ts`.
 */
import type { InstallProgress, SlotAnswer } from '../../model/local-api-slots.ts'
import type { SlotBefore } from '../../model/slot-note.ts'

export interface Upload {
  /** Bounded by whoever hands them over. */
  readonly chunks: AsyncIterable<Uint8Array>
  /** As whoever sends it says; null: they did not. */
  readonly totalBytes: number | null
}

export interface Installing {
  /** As often as something is known. */
  readonly onProgress: (phase: InstallProgress['phase'], bytes: number) => void
  /** How the box is, for whoever judges the update after its first start. */
  readonly before: () => SlotBefore
}

/** What became of an update. */
export interface SlotNews {
  readonly version: string
  readonly isProven: boolean
  /** Why it was gone back from; null: it proved itself. */
  readonly reason: string | null
}

export interface Slots {
  readonly isSupported: boolean
  /** @throws HOST_ errors */
  list(): Promise<readonly SlotAnswer[]>
  /**
   * Writes an update into the slot that does not run and has the next start try it. What is refused changes nothing that runs.
   * @throws UPDATE_UNSUPPORTED, UPDATE_NOT_PROVEN (what runs), UPDATE_BUSY, UPDATE_NO_ROOM, UPDATE_TRUNCATED, UPDATE_REFUSED (not
   * signed by whom the image trusts, for other machines, damaged), UPDATE_OLDER, STORE_WRITE_FAILED, HOST_ errors
   */
  install(update: Upload, installing: Installing): Promise<void>
  /** The slot that runs has proven itself. @throws UPDATE_UNSUPPORTED, HOST_ errors */
  markGood(): Promise<void>
  /** The next start is by the other slot. @throws UPDATE_UNSUPPORTED, UPDATE_NO_OTHER, UPDATE_BUSY, HOST_ errors */
  rollBack(): Promise<void>
  /** What became of the last update, once; null: nothing yet, or it was said before. @throws HOST_ errors, STORE_WRITE_FAILED */
  news(): Promise<SlotNews | null>
}
