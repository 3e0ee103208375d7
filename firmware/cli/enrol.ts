/** `causeway enrol …`: whose the box is, the code to compare, where to ask. */

import type { ControllerSettings, EnrolmentAnswer } from '../model/enrolment.ts'
import { parseHostPort } from '../model/host-port.ts'
import {
  type Call,
  type ExitCode,
  exitCode,
  Misuse,
  meantText,
  readDocument,
  show,
} from './call.ts'
import { durationText } from './duration.ts'
import { commandText } from './text.ts'

const verbs: Readonly<Record<string, (call: Call, words: readonly string[]) => Promise<ExitCode>>> =
  { confirm, with: askWith }

export async function enrol(call: Call): Promise<ExitCode> {
  const [, verb, ...words] = call.words
  if (verb === undefined) {
    await show<EnrolmentAnswer>(call, '/api/v1/enrolment', textFor(call))
    return exitCode.done
  }
  const names = Object.keys(verbs)
  if (!names.includes(verb)) {
    throw new Misuse(`there is no 'enrol ${verb}'${meantText(verb, names)}`)
  }
  return verbs[verb]!(call, words)
}

async function confirm(call: Call, words: readonly string[]): Promise<ExitCode> {
  const [code] = words
  if (code === undefined || words.length > 1) throw new Misuse('enrol confirm takes the CODE')
  const ask = { post: { code } }
  await show<EnrolmentAnswer>(call, '/api/v1/enrolment/confirm', textFor(call), ask)
  return exitCode.done
}

async function askWith(call: Call, words: readonly string[]): Promise<ExitCode> {
  const [controller, rootFile] = words
  if (controller === undefined || words.length > 2) {
    throw new Misuse(
      "enrol with takes the CONTROLLER, and a file of the owner's root if there is one",
    )
  }
  if (parseHostPort(controller) === null) {
    throw new Misuse(`'${controller}' is no HOST or HOST:PORT`)
  }
  const roots = rootFile === undefined ? {} : { roots: [await readDocument(rootFile, call)] }
  const post: ControllerSettings = { controllers: [controller], ...roots }
  const said = (): string =>
    `asks ${controller} from now on: ${commandText('enrol', call.places.instance)} shows how that goes\n`
  await show<EnrolmentAnswer>(call, '/api/v1/enrolment/controller', said, { post })
  return exitCode.done
}

/** `causeway reset --yes` */
export async function reset(call: Call): Promise<ExitCode> {
  if (!call.isSure) {
    throw new Misuse('reset makes this box blank, for good: say so with --yes')
  }
  await show<EnrolmentAnswer>(
    call,
    '/api/v1/reset',
    () => 'this box is blank as soon as its gateway has started again\n',
    { post: {} },
  )
  return exitCode.done
}

function textFor({ places }: Call): (answer: EnrolmentAnswer) => string {
  return (answer) => enrolmentText(answer, places.instance)
}

export function enrolmentText(answer: EnrolmentAnswer, instance: string): string {
  const { serial, lastError } = answer
  const lines = [`serial  ${serial}`, ...stateLines(answer, instance)]
  if (lastError !== null) lines.push(`last    ${lastError.message} (${lastError.code})`)
  return lines.map((line) => `${line}\n`).join('')
}

function stateLines(answer: EnrolmentAnswer, instance: string): string[] {
  const { state, offers, controllers, isLinked, revision } = answer
  const { ownerFingerprint, certificateSeconds } = answer
  if (state === 'owned') {
    const ends = certificateSeconds ?? 0
    const kept = revision === 0 ? 'none yet' : `revision ${revision}`
    const certificate =
      ends > 0
        ? `ends in ${durationText(ends)}`
        : `ended ${durationText(-ends)} ago: renewed as soon as there is a link`
    return [
      `owner   ${ownerFingerprint ?? 'there is one, and its record cannot be read: causeway reset makes the box blank'}`,
      `link    ${isLinked ? 'up' : 'down; what runs goes on'} (${controllers.join(', ')})`,
      `config  ${kept}`,
      `own certificate ${certificate}`,
    ]
  }
  if (state === 'alone') return ['owner   none: this box runs by its own device.yaml']
  if (state === 'looking') {
    if (controllers.length > 0) return [`owner   none yet; asks ${controllers.join(', ')}`]
    const how = commandText('enrol with HOST', instance)
    return [
      `owner   none yet, and no controller is known: ${how}, or wait until somebody tells of one`,
    ]
  }
  return offers.flatMap(({ controller, code, isConfirmed }) => [
    `code    ${code}  (${controller})`,
    isConfirmed
      ? '        confirmed here: waits until the controller has it too'
      : `        at the controller: causeway ctl claim ${answer.serial} SITE --code ${code}\n` +
        `        here, once the controller has said yes: ${commandText(`enrol confirm ${code}`, instance)}`,
  ])
}
