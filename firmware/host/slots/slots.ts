/**
 * The port to the slots that an appliance's firmware lies in: two of them, of which one runs and the other takes the next. Behind it
 * stand `none.ts`, for a machine whose packages are its administrator's, and `fake.ts`; the real one comes with the image.
 */
import type { InstallProgress, SlotAnswer } from '../../model/local-api-slots.ts'

export interface Slots {
  readonly isSupported: boolean
  /** @throws HOST_ errors */
  list(): Promise<readonly SlotAnswer[]>
  /**
   * Writes an update into the slot that does not run and has the next start try it. What is refused changes nothing that runs.
   * @param onProgress at least once a second
   * @throws UPDATE_UNSUPPORTED, UPDATE_REFUSED (not signed by whom the image trusts, older than allowed, for other machines),
   * UPDATE_TRUNCATED, HOST_ errors
   */
  install(
    update: AsyncIterable<Uint8Array>,
    onProgress: (phase: InstallProgress['phase'], bytes: number) => void,
  ): Promise<void>
  /** The slot that runs has proven itself. @throws UPDATE_UNSUPPORTED, HOST_ errors */
  markGood(): Promise<void>
  /** The next start is by the other slot. @throws UPDATE_UNSUPPORTED, UPDATE_NO_OTHER, HOST_ errors */
  rollBack(): Promise<void>
}
