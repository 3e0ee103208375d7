/** What the local API says and does about configurations, out of source and changes. Secrets stay here. */
import { digestOf, type Entry } from '../host/config/history.ts'
import { redact } from '../host/config/redact.ts'
import type { ConfigParts } from './api/config-routes.ts'
import type { ConfigChanges } from './config-change.ts'
import { noConfig, type RunningConfig } from './config-check.ts'
import type { ConfigSource } from './config-source.ts'

export function configAnswers(source: ConfigSource, changes: ConfigChanges): ConfigParts {
  const running = (): RunningConfig => source.candidate ?? source.confirmed ?? noConfig
  /** A text may have run before and been gone back to: the newest entry that has it is the one that runs. */
  const headOf = ({ text, ...head }: Entry) => {
    const now = running().text
    const isRunning = head.number === source.entries.find((one) => one.text === now)?.number
    return { ...head, sha256: digestOf(text), isRunning }
  }
  return {
    show: () => {
      const { config, text, source: from, refusals } = running()
      return {
        source: from,
        revision: config?.revision ?? null,
        sha256: config === null ? null : digestOf(text),
        text: redact(text),
        pendingChange: changes.pending,
        lastChange: changes.last,
        refusals: [...refusals],
      }
    },
    apply: (text, confirmSeconds) => changes.apply(text, confirmSeconds),
    confirm: () => changes.confirm(),
    rollback: () => changes.rollback(),
    history: () => source.entries.map(headOf),
    entry: (number) => {
      const entry = source.entries.find((one) => one.number === number)
      return entry === undefined ? null : { ...headOf(entry), text: redact(entry.text) }
    },
  }
}
