/** Something that is done to the box at a press: whether it is under way, and why it was refused. */
import { useState } from 'preact/hooks'
import { type CallError, errorOf } from '../live/call.ts'
import { withFresh } from './fresh.tsx'

export interface Action {
  readonly isBusy: boolean
  readonly error: CallError | null
  /** Does it, with the password typed again where the box wants that. @returns whether it was done */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>
  readonly clear: () => void
}

export function useAction(): Action {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<CallError | null>(null)
  return {
    isBusy,
    error,
    clear: () => setError(null),
    run: async (work) => {
      setBusy(true)
      setError(null)
      try {
        await withFresh(work)
        return true
      } catch (thrown) {
        setError(errorOf(thrown))
        return false
      } finally {
        setBusy(false)
      }
    },
  }
}
