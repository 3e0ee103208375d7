/** No slots: a machine that is updated as its administrator does it. */
import { CausewayError } from '../../model/errors.ts'
import type { Slots } from './slots.ts'

export function noSlots(): Slots {
  const refuse = async (): Promise<never> => {
    throw unsupported()
  }
  return {
    isSupported: false,
    list: async () => [],
    news: async () => null,
    ...{ install: refuse, markGood: refuse, rollBack: refuse },
  }
}

export function unsupported(): CausewayError {
  const message = 'this machine has no slots for firmware: it is updated as its packages are'
  return new CausewayError('UPDATE_UNSUPPORTED', message)
}
