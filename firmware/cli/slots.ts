/** `causeway slots …`: a thin client of the local API; what proves what runs is slots-prove.ts. */
import { openToSend } from '../host/system/foreign-file.ts'
import { CausewayError } from '../model/errors.ts'
import type { SlotAnswer, SlotsAnswer } from '../model/local-api-slots.ts'
import { lateMs, mostInstallMs, slotAnswerMs } from '../model/upkeep-limits.ts'
import { type Call, type ExitCode, exitCode, Misuse, meantText, show } from './call.ts'
import { prove } from './slots-prove.ts'
import { bytesText, table } from './table.ts'
import { commandText } from './text.ts'

const timeoutMs = slotAnswerMs + lateMs

const verbs: Readonly<Record<string, (call: Call, words: readonly string[]) => Promise<ExitCode>>> =
  {
    ...{ install, rollback, good },
    prove: (call, words) => alone('prove', words, () => prove(call)),
  }

export async function slots(call: Call): Promise<ExitCode> {
  const [, verb, ...words] = call.words
  if (verb === undefined) {
    await show<SlotsAnswer>(call, '/api/v1/slots', slotsText, { timeoutMs })
    return exitCode.done
  }
  const names = Object.keys(verbs)
  if (!names.includes(verb)) {
    throw new Misuse(`there is no 'slots ${verb}'${meantText(verb, names)}`)
  }
  return verbs[verb]!(call, words)
}

async function install(call: Call, words: readonly string[]): Promise<ExitCode> {
  const [path] = words
  if (path === undefined || words.length > 1) throw new Misuse('slots install takes one FILE')
  await using file = await openToSend(path)
  if (file === null)
    throw new CausewayError('UPDATE_REFUSED', `${path} is no file, or a link to one`)
  const said = (answer: SlotsAnswer): string => `${slotsText(answer)}${nextText(answer, call)}`
  await show<SlotsAnswer>(call, '/api/v1/slots/install', said, {
    file,
    timeoutMs: mostInstallMs + lateMs,
  })
  return exitCode.done
}

function rollback(call: Call, words: readonly string[]): Promise<ExitCode> {
  return alone('rollback', words, async () => {
    const said = (answer: SlotsAnswer): string => nextText(answer, call)
    const asking = { post: {}, timeoutMs }
    await show<SlotsAnswer>(call, '/api/v1/slots/rollback', said, asking)
    return exitCode.done
  })
}

function good(call: Call, words: readonly string[]): Promise<ExitCode> {
  return alone('good', words, async () => {
    const said = ({ slots: all }: SlotsAnswer): string =>
      `${runningText(all)} is kept: the next start is by it too\n`
    await show<SlotsAnswer>(call, '/api/v1/slots/good', said, { post: {}, timeoutMs })
    return exitCode.done
  })
}

async function alone(
  verb: string,
  words: readonly string[],
  act: () => Promise<ExitCode>,
): Promise<ExitCode> {
  if (words.length > 0) throw new Misuse(`slots ${verb} takes nothing more`)
  return act()
}

const stateText: Readonly<Record<SlotAnswer['state'], string>> = {
  good: 'proven',
  trying: 'on trial',
  bad: 'failed',
  empty: 'empty',
}

export function slotsText({ isSupported, slots: all, install: coming }: SlotsAnswer): string {
  if (!isSupported) return 'this machine has no slots: it is updated as its packages are\n'
  const rows = all.map(({ name, version, state, isRunning, isNext }) => [
    ...[name, version ?? '–', stateText[state]],
    [isRunning ? 'runs' : '', isNext ? 'next start' : ''].filter((word) => word !== '').join(', '),
  ])
  const reasons = all.flatMap(({ name, reason }) =>
    reason === null ? [] : [`${name}: ${reason}\n`],
  )
  return `${table(['SLOT', 'VERSION', 'STATE', 'NOW'], rows)}${reasons.join('')}${comingText(coming)}`
}

function comingText(install: SlotsAnswer['install']): string {
  if (install === null || install.phase === 'done') return ''
  const { phase, bytes, totalBytes, error } = install
  if (error !== null) return `the last update was not installed: ${error.message} (${error.code})\n`
  const of = totalBytes === null ? '' : ` of ${bytesText(totalBytes)}`
  return `an update is on its way: ${phase}, ${bytesText(bytes)}${of}\n`
}

function nextText({ slots: all }: SlotsAnswer, { places }: Call): string {
  const next = all.find(({ isNext }) => isNext)
  if (next === undefined || next.isRunning) return ''
  const { name, version } = next
  return (
    `the next start of the machine is by slot ${name} (${version ?? 'of an unknown version'}): systemctl reboot\n` +
    `${commandText('slots', places.instance)} shows afterwards whether it has proven itself\n`
  )
}

export function runningText(all: readonly SlotAnswer[]): string {
  const running = all.find(({ isRunning }) => isRunning)
  return `slot ${running?.name ?? '?'} (${running?.version ?? 'of an unknown version'})`
}
