/** Two slots in memory, for tests: an update is a text `causeway VERSION` and padding; another beginning is refused. */
import { CausewayError } from '../../model/errors.ts'
import type { SlotAnswer } from '../../model/local-api-slots.ts'
import type { Slots } from './slots.ts'

const reportBytes = 64 * 1024

export interface FakeSlots extends Slots {
  /** As the machine's next start does. */
  readonly restart: () => void
}

export function fakeSlots(version: string): FakeSlots {
  let slots: SlotAnswer[] = [
    { name: 'A', version, isRunning: true, isNext: true, state: 'good', reason: null },
    { name: 'B', version: null, isRunning: false, isNext: false, state: 'empty', reason: null },
  ]
  const other = (): SlotAnswer => slots.find(({ isRunning }) => !isRunning)!
  const next = (name: string): void => {
    slots = slots.map((slot) => ({ ...slot, isNext: slot.name === name }))
  }
  return {
    isSupported: true,
    list: async () => slots,
    async install({ chunks }, { onProgress }) {
      let bytes = 0
      let reported = 0
      let head = Buffer.alloc(0)
      for await (const chunk of chunks) {
        bytes += chunk.length
        if (head.length < 64) head = Buffer.concat([head, chunk])
        if (bytes - reported >= reportBytes) onProgress('receiving', bytes)
        if (bytes - reported >= reportBytes) reported = bytes
      }
      onProgress('checking', bytes)
      const [, found] = /^causeway (\d+\.\d+\.\d+)\n/.exec(head.toString('latin1')) ?? []
      if (found === undefined) throw new CausewayError('UPDATE_REFUSED', 'this is no update')
      onProgress('writing', bytes)
      const { name } = other()
      slots = slots.map((slot) =>
        slot.name === name ? { ...slot, version: found, state: 'trying' } : slot,
      )
      next(name)
    },
    async markGood() {
      slots = slots.map((slot) => (slot.isRunning ? { ...slot, state: 'good' } : slot))
    },
    async rollBack() {
      if (other().version === null) {
        throw new CausewayError('UPDATE_NO_OTHER', 'there is nothing in the other slot')
      }
      next(other().name)
    },
    news: async () => null,
    restart: () => {
      slots = slots.map((slot) => ({ ...slot, isRunning: slot.isNext }))
    },
  }
}
