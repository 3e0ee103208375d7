/** `causeway ctl firmware …`: the files that a controller has for boxes, and bringing one to the boxes of a tenant. */
import { openFile } from '../host/firmware/files.ts'
import type { WhoAnswer } from '../model/controller-api-access.ts'
import { CausewayError } from '../model/errors.ts'
import type { FirmwareAnswer, FirmwareFile, RolloutAnswer, RolloutBody } from '../model/rollout.ts'
import { mostUpdateBytes } from '../model/upkeep-limits.ts'
import { parseHours } from '../plan/hours.ts'
import { requirePermission } from '../plan/role.ts'
import { type ExitCode, exitCode, Misuse } from './call.ts'
import { ask, askTenant, type CtlCall, type CtlCommand, print } from './ctl-call.ts'
import { rolloutText } from './ctl-rollout-text.ts'
import { bytesText, table } from './table.ts'

/** Without a byte taken. */
const uploadMs = 120_000

export const firmwareCommands: readonly CtlCommand[] = [
  {
    name: 'firmware add',
    takes: 'FILE',
    help: `give the controller a signed firmware file (.raucb) for boxes (an admin of all); each box judges the
signature itself`,
    words: [1, 1],
    options: [],
    run: add,
  },
  {
    name: 'firmware list',
    takes: '',
    help: 'list the files that there are',
    words: [0, 0],
    options: [],
    run: async (call) => {
      print(call, await ask<FirmwareAnswer>(call, '/api/v1/firmware'), filesText)
      return exitCode.done
    },
  },
  {
    name: 'firmware remove',
    takes: 'VERSION',
    help: 'take the files of a version away (an admin of all)',
    words: [1, 1],
    options: [],
    run: async (call) => {
      const [version = ''] = call.words
      const path = `/api/v1/firmware/${encodeURIComponent(version)}/remove`
      const answer = await ask<object>(call, path, { post: {} })
      print(call, answer, () => `${version} was removed\n`)
      return exitCode.done
    },
  },
  {
    name: 'firmware rollout',
    takes: 'VERSION [--sites A,B] [--canary A,B] [--soak 30m] [--at 02:00-04:00] [--wave N]',
    help: `bring a version to boxes: those of --sites, or all; --canary ones first, the rest once these have run
it well for --soak (10m unless told). At most --wave boxes are on their way at once (a tenth unless
told), hubs one by one. They start anew within --at (UTC), or at once. It halts by itself when a box
goes back, refuses it, falls silent or is worse off than before`,
    words: [1, 1],
    options: ['sites', 'canary', 'soak', 'at', 'wave'],
    run: rollout,
  },
  {
    name: 'firmware show',
    takes: '',
    help: 'show the last rollout, and how far each box is',
    words: [0, 0],
    options: [],
    run: async (call) => shown(call, await askTenant<RolloutAnswer>(call, 'rollout')),
  },
  verb('pause', 'tell nobody else, and call off who has not started anew for it'),
  verb('resume', 'go on, without the boxes that failed'),
  verb('abort', 'end it; who runs the version goes on with it'),
]

function verb(name: 'pause' | 'resume' | 'abort', help: string): CtlCommand {
  return {
    ...{ name: `firmware ${name}`, takes: '', help, words: [0, 0], options: [] },
    run: async (call) =>
      shown(call, await askTenant<RolloutAnswer>(call, `rollout/${name}`, { post: {} })),
  }
}

async function add(call: CtlCall): Promise<ExitCode> {
  const [path = ''] = call.words
  // Whoever may not do it is told before a gigabyte is sent.
  requirePermission(await ask<WhoAnswer>(call, '/api/v1/who'), 'firmware.write', '*')
  const file = await openFile(path)
  if (file.bytes > mostUpdateBytes) {
    file.chunks.destroy()
    throw new CausewayError('API_TOO_LARGE', `a file has at most ${mostUpdateBytes} bytes`)
  }
  const answer = await ask<FirmwareFile>(call, '/api/v1/firmware', { file, timeoutMs: uploadMs })
  print(call, answer, ({ version, architecture, sha256 }) => {
    return `${version} for ${architecture}, sha256 ${sha256}\n`
  })
  return exitCode.done
}

async function rollout(call: CtlCall): Promise<ExitCode> {
  const [version = ''] = call.words
  const { sites, canary, soak, at, wave } = call.options
  const hours = at === undefined ? null : parseHours(String(at))
  if (at !== undefined && hours === null)
    throw new Misuse('--at takes hours like 02:00-04:00 (UTC)')
  const post: RolloutBody = {
    version,
    ...(sites === undefined ? {} : { sites: namesOf(sites) }),
    ...(canary === undefined ? {} : { canaries: namesOf(canary) }),
    ...(soak === undefined ? {} : { soakMinutes: minutesOf(String(soak)) }),
    ...(wave === undefined ? {} : { wave: countOf(String(wave)) }),
    ...(hours === null ? {} : { hours }),
  }
  return shown(call, await askTenant<RolloutAnswer>(call, 'rollout', { post }))
}

function shown(call: CtlCall, answer: RolloutAnswer): ExitCode {
  print(call, answer, (given) => rolloutText(given, Date.now()))
  return exitCode.done
}

function namesOf(text: string | boolean): string[] {
  return [
    ...new Set(
      String(text)
        .split(',')
        .filter((name) => name !== ''),
    ),
  ]
}

function minutesOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([mh])$/.exec(text) ?? []
  if (unit === '') throw new Misuse('--soak takes minutes or hours: 30m, 2h')
  return Number(count) * (unit === 'h' ? 60 : 1)
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new Misuse('--wave takes a number of boxes')
  return Number(text)
}

function filesText({ files }: FirmwareAnswer): string {
  if (files.length === 0) return 'there is no firmware yet: causeway ctl firmware add FILE\n'
  const rows = files.map(({ version, architecture, bytes, sha256, addedMs, by, isThere }) => [
    ...[version, architecture, bytesText(bytes), new Date(addedMs).toISOString().slice(0, 16)],
    ...[by, sha256, isThere ? '' : 'the file is missing: add it again'],
  ])
  return table(['VERSION', 'FOR', 'SIZE', 'ADDED', 'BY', 'SHA-256', ''], rows)
}
