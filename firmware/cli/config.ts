/** `causeway config …`: show, apply, confirm, rollback, history. */
import type {
  ApplyRequest,
  ChangeAnswer,
  ConfigAnswer,
  HistoryAnswer,
  HistoryEntry,
} from '../model/local-api-config.ts'
import {
  type Call,
  type ExitCode,
  exitCode,
  Misuse,
  meantText,
  readDocument,
  show,
} from './call.ts'
import { table } from './table.ts'
import { commandText, errorText, sourceText, takenBackText, timeText } from './text.ts'

const usualConfirmSeconds = 60
/** Applying is part of the time to confirm; without a confirm the gateway takes at most 20 s. */
const applySlackMs = 30_000
/** A confirm is two files written and synced. */
const confirmMs = 30_000

const verbs: Readonly<Record<string, (call: Call, argument?: string) => Promise<ExitCode>>> = {
  show: showConfig,
  apply,
  confirm: async (call) => {
    const ask = { post: {}, timeoutMs: confirmMs }
    await show<ChangeAnswer>(call, '/api/v1/config/confirm', confirmedText, ask)
    return exitCode.done
  },
  rollback: async (call) => {
    await show<ChangeAnswer>(call, '/api/v1/config/rollback', rolledBackText, { post: {} })
    return exitCode.done
  },
  history,
}
const takesOne: ReadonlySet<string> = new Set(['apply', 'history'])

export async function config(call: Call): Promise<ExitCode> {
  const [, verb, argument, ...rest] = call.words
  const names = Object.keys(verbs)
  if (verb === undefined) throw new Misuse('config needs a word more')
  if (!names.includes(verb)) {
    throw new Misuse(`there is no 'config ${verb}'${meantText(verb, names)}`)
  }
  if (rest.length > 0 || (!takesOne.has(verb) && argument !== undefined)) {
    throw new Misuse(`config ${verb} takes no '${rest[0] ?? argument}'`)
  }
  return verbs[verb]!(call, argument)
}

async function apply(call: Call, file?: string): Promise<ExitCode> {
  if (file === undefined) throw new Misuse('config apply takes a FILE')
  const confirmSeconds = call.confirmSeconds ?? usualConfirmSeconds
  const post: ApplyRequest = { text: await readDocument(file, call), confirmSeconds }
  const timeoutMs = confirmSeconds * 1000 + applySlackMs
  const textOf = (answer: ChangeAnswer): string => appliedText(answer, call.places.instance)
  await show<ChangeAnswer>(call, '/api/v1/config/apply', textOf, { post, timeoutMs })
  return exitCode.done
}

/** The text as it runs, ready to be edited; what is said about it goes beside it. */
async function showConfig(call: Call): Promise<ExitCode> {
  await show<ConfigAnswer>(call, '/api/v1/config', (answer) => {
    call.output.err(aboutText(answer))
    return answer.text
  })
  return exitCode.done
}

async function history(call: Call, number?: string): Promise<ExitCode> {
  if (number === undefined) {
    await show<HistoryAnswer>(call, '/api/v1/config/history', historyText)
    return exitCode.done
  }
  if (!/^\d{1,8}$/.test(number)) throw new Misuse(`'${number}' is no number of an entry`)
  await show<HistoryEntry>(call, `/api/v1/config/history/${number}`, ({ text }) => text)
  return exitCode.done
}

function appliedText({ revision, pendingChange }: ChangeAnswer, instance: string): string {
  if (pendingChange === null) return `revision ${revision} is in place, for good\n`
  const { remainingSeconds } = pendingChange
  return (
    `revision ${revision} is in place and is taken back in ${remainingSeconds} s\n` +
    `to keep it: ${commandText('config confirm', instance)}\n`
  )
}

function confirmedText({ revision }: ChangeAnswer): string {
  return `revision ${revision} is confirmed: device.yaml says so, and the history\n`
}

function rolledBackText({ revision }: ChangeAnswer): string {
  return revision === null ? 'taken back\n' : `taken back: revision ${revision} runs again\n`
}

function aboutText(answer: ConfigAnswer): string {
  const { source, revision, sha256, pendingChange, lastChange, refusals } = answer
  const lines = [
    revision === null ? 'no configuration' : `revision ${revision}, ${sourceText[source]}`,
    ...(sha256 === null ? [] : [`sha256 ${sha256}`]),
    ...(pendingChange === null
      ? []
      : [`${pendingChange.phase}: taken back in ${pendingChange.remainingSeconds} s`]),
    ...(lastChange?.reason === undefined
      ? []
      : [takenBackText(lastChange.revision, lastChange.reason)]),
    ...refusals.map((error) => `refused: ${errorText(error, 'device.yaml')}`),
  ]
  return lines.map((line) => `# ${line}\n`).join('')
}

function historyText({ entries }: HistoryAnswer): string {
  if (entries.length === 0) return 'no configuration has run here yet\n'
  return table(
    ['NUMBER', 'REVISION', 'SAVED', 'BY', 'SHA256', ''],
    entries.map(({ number, revision, savedAt, origin, sha256, isRunning }) => [
      String(number),
      String(revision),
      timeText(savedAt),
      origin,
      sha256.slice(0, 12),
      isRunning ? 'runs' : '',
    ]),
  )
}
