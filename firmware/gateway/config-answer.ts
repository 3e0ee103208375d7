/** What the local API says and does about configurations, out of source and changes. Secrets stay here. */
import { digestOf, type Entry } from '../host/config/history.ts'
import { redact } from '../host/config/redact.ts'
import { restoreSecrets } from '../host/config/restore.ts'
import { withRevision } from '../host/config/revision.ts'
import { CausewayError } from '../model/errors.ts'
import type { ConfigParts } from './api/config-routes.ts'
import { checkAnswer } from './check-answer.ts'
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
  const nextRevision = (): number =>
    1 + Math.max(running().config?.revision ?? 0, ...source.entries.map(({ revision }) => revision))
  /** @throws API_NOT_FOUND */
  const entryOf = (number: number): Entry => {
    const entry = source.entries.find((one) => one.number === number)
    if (entry !== undefined) return entry
    throw new CausewayError('API_NOT_FOUND', `there is no entry ${number}`)
  }
  /** With its secrets. */
  const whole = (text: string, basedOn: number | undefined): string =>
    restoreSecrets(text, basedOn === undefined ? running().text : entryOf(basedOn).text)
  return {
    show: () => {
      const { config, text, source: from, refusals } = running()
      return {
        source: from,
        revision: config?.revision ?? null,
        sha256: config === null ? null : digestOf(text),
        text: redact(text),
        pendingChange: changes.pending,
        nextRevision: nextRevision(),
        lastChange: changes.last,
        refusals: [...refusals],
      }
    },
    check: ({ text, basedOn }) =>
      checkAnswer(() => source.check(whole(text, basedOn), 'apply').config, {
        running: running().config,
        nextRevision: nextRevision(),
      }),
    apply: async ({ text, confirmSeconds, basedOn }) =>
      changes.apply(whole(text, basedOn), confirmSeconds),
    applyEntry: async (number, confirmSeconds) =>
      changes.apply(withRevision(entryOf(number).text, nextRevision()), confirmSeconds),
    confirm: () => changes.confirm(),
    rollback: () => changes.rollback(),
    history: () => source.entries.map(headOf),
    entry: (number) => {
      const entry = entryOf(number)
      return { ...headOf(entry), text: redact(entry.text) }
    },
  }
}
