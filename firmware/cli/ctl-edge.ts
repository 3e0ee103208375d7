/** `causeway ctl edges`, `waiting`, `claim`, `move`, `unlock`, `release`: boxes, which somebody has to want before they are anybody's. */
import type {
  ClaimAnswer,
  ClaimBody,
  EdgeAnswer,
  MoveAnswer,
  MoveBody,
  ReleaseAnswer,
  UnlockAnswer,
  WaitingAnswer,
} from '../model/controller-api.ts'
import { type ExitCode, exitCode, Misuse } from './call.ts'
import { ask, askTenant, type CtlCall, type CtlCommand, confirm, print } from './ctl-call.ts'
import { durationText } from './duration.ts'
import { table } from './table.ts'

/** Of a box's first problem; `--json` has all. */
const mostHealthLetters = 60

export const edgeCommands: readonly CtlCommand[] = [
  {
    name: 'edges',
    takes: '',
    help: 'list boxes: where they stand, whether they have a link, what they run, how they are',
    words: [0, 0],
    options: [],
    run: async (call) => {
      print(call, await askTenant<EdgeAnswer>(call, 'edges'), edgesText)
      return exitCode.done
    },
  },
  {
    name: 'waiting',
    takes: '',
    help: 'list blank boxes that have called and that nobody owns yet',
    words: [0, 0],
    options: [],
    run: async (call) => {
      const answer = await ask<WaitingAnswer>(call, '/api/v1/waiting')
      print(call, answer, (given) => waitingText(given, Date.now()))
      return exitCode.done
    },
  },
  {
    name: 'claim',
    takes: 'SERIAL SITE (--code CODE | --listed) [--replace] [--ahead]',
    help: `take a box for a site: SERIAL is its id or the first 8 digits of it, CODE what it shows (-: read
from standard input; at a terminal it is asked for). --listed claims one ahead that has
your root and needs no code. --replace releases the box that stands there. --ahead: SITE has no
document yet`,
    words: [2, 2],
    options: ['code', 'listed', 'replace', 'ahead'],
    run: claim,
  },
  {
    name: 'move',
    takes: 'SERIAL SITE [--ahead]',
    help: 'have a box of yours stand at another site; it needs no code and stays yours',
    words: [2, 2],
    options: ['ahead'],
    run: move,
  },
  {
    name: 'unlock',
    takes: 'SERIAL',
    help: 'let a box be claimed again that was locked by wrong codes (an owner of all)',
    words: [1, 1],
    options: [],
    run: async (call) => {
      const post = { device: call.words[0]!.toLowerCase() }
      const answer = await ask<UnlockAnswer>(call, '/api/v1/unlocks', { post })
      print(call, answer, ({ deviceId }) => `${deviceId} can be claimed again\n`)
      return exitCode.done
    },
  },
  {
    name: 'release',
    takes: 'SERIAL [--yes]',
    help: `let a box go: it loses its place, its certificate is no longer taken, and it may be claimed by
anybody; prints the release, signed, for a box that does not call any more`,
    words: [1, 1],
    options: ['yes'],
    run: release,
  },
]

async function claim(call: CtlCall): Promise<ExitCode> {
  const [serial = '', site = ''] = call.words
  const device = serial.toLowerCase()
  const code = await codeOf(call)
  const post: ClaimBody = {
    ...{ device, site },
    ...(code === null ? {} : { code }),
    ...(call.options.replace === true ? { isReplacement: true } : {}),
    ...(call.options.ahead === true ? { isAhead: true } : {}),
  }
  const answer = await askTenant<ClaimAnswer>(call, 'claims', { post })
  print(call, answer, ({ deviceId, released, isSiteKnown }) =>
    [
      `${deviceId} stands at ${site}\n`,
      ...released.map((one) => `${one.deviceId} was released\n`),
      ...(isSiteKnown ? [] : [`there is no document of ${site} yet: apply one\n`]),
      ...(code === null ? [] : ['if the box asks whether this is its owner, say yes there\n']),
    ].join(''),
  )
  return exitCode.done
}

async function move(call: CtlCall): Promise<ExitCode> {
  const [serial = '', site = ''] = call.words
  const ahead = call.options.ahead === true ? { isAhead: true } : {}
  const post: MoveBody = { device: serial.toLowerCase(), site, ...ahead }
  const answer = await askTenant<MoveAnswer>(call, 'moves', { post })
  print(
    call,
    answer,
    ({ deviceId, from }) => `${deviceId} stands at ${site}, no longer at ${from}\n`,
  )
  return exitCode.done
}

/** Null: it needs none. */
async function codeOf({ options, dialogue }: CtlCall): Promise<string | null> {
  const { code, listed } = options
  if (listed === true && code !== undefined) throw new Misuse('either --code or --listed')
  if (listed === true) return null
  if (typeof code === 'string' && code !== '-') return code
  if (code === undefined && !dialogue.isTerminal) {
    throw new Misuse('--code CODE is needed, or --listed for a box that has your root')
  }
  const typed = await dialogue.answer('code that the box shows: ')
  if (typed === null || typed.trim() === '') throw new Misuse('a code is needed')
  return typed.trim()
}

async function release(call: CtlCall): Promise<ExitCode> {
  const [serial = ''] = call.words
  const device = serial.toLowerCase()
  if (!(await confirm(call, `Let ${device} go? It loses its network.`, '--yes'))) {
    call.output.err('nothing was changed\n')
    return exitCode.failed
  }
  const answer = await askTenant<ReleaseAnswer>(call, 'releases', { post: { device } })
  print(call, answer, ({ deviceId, site, release: word }) => {
    return `${deviceId} was released from ${site}\n${word}\n`
  })
  return exitCode.done
}

function edgesText({ edges }: EdgeAnswer): string {
  if (edges.length === 0) return 'there are no boxes yet: causeway ctl claim\n'
  const rows = edges
    .toSorted((a, b) => (a.site < b.site ? -1 : 1))
    .map(({ site, deviceId, isUp, published, runs, firmware, health, refusal, isPlaced }) => [
      ...[site, deviceId.slice(0, 8), isUp ? 'up' : 'away', String(published), String(runs)],
      ...[firmware === '' ? '–' : firmware, healthText(health)],
      [
        ...(isPlaced ? [] : ['no document of its site']),
        ...(refusal === null ? [] : [`refused: ${refusal.code} ${refusal.message}`]),
      ].join('; '),
    ])
  return table(['SITE', 'BOX', 'LINK', 'PUBLISHED', 'RUNS', 'FIRMWARE', 'HEALTH', ''], rows)
}

function healthText(health: EdgeAnswer['edges'][number]['health']): string {
  if (health === null) return '–'
  const [said = health.isHealthy ? 'well' : 'unwell'] = health.problems
  return said.length > mostHealthLetters ? `${said.slice(0, mostHealthLetters)}…` : said
}

function waitingText({ devices }: WaitingAnswer, nowMs: number): string {
  if (devices.length === 0) return 'no box waits\n'
  const words = {
    calls: 'calls',
    'shows-code': 'shows a code',
    claimed: 'claimed, not yet here',
    locked: 'locked: too many wrong codes',
  } as const
  const rows = devices.map(({ deviceId, state, until, keeping, wrongCodes }) => [
    ...[deviceId.slice(0, 8), words[state]],
    durationText(Math.max(0, Date.parse(until) - nowMs) / 1_000),
    ...[keeping, wrongCodes === 0 ? '' : String(wrongCodes), deviceId],
  ])
  return table(['SERIAL', 'STATE', 'FOR', 'KEY IN', 'WRONG CODES', 'ID'], rows)
}
