/** A process in which a mistake comes up while a change is taken back by itself: it is to die of it. */
import { ConfigChanges } from '../../../firmware/gateway/config-change.ts'
import type { Candidate, ConfigSource } from '../../../firmware/gateway/config-source.ts'
import { virtualClock } from '../../../firmware/host/clock/virtual.ts'

const quiet = (): void => {}
const candidate = { config: { revision: 2 } } as Candidate
const source = {
  ...{ confirmed: { config: {} }, entries: [], check: () => candidate, propose: async () => {} },
  giveUp: () => Promise.reject(new TypeError('planted')),
} as unknown as ConfigSource
const clock = virtualClock()
const log = { info: quiet, warn: quiet, error: quiet }
const changes = new ConfigChanges({ clock, log, source, request: quiet, onChange: quiet })
changes.apply('', 1).catch(quiet)
await new Promise((resolve) => setImmediate(resolve))
await clock.advance(2_000)
