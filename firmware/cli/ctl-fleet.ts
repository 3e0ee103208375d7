/** `causeway ctl plan`, `apply`, `get`, `export`, `ipam`: what a network is to be, as documents. */
import { documentText, writeFleetFiles } from '../host/config/fleet-files.ts'
import type { FleetAnswer, FleetBody, FleetChange, IpamAnswer } from '../model/controller-api.ts'
import type { WhoAnswer } from '../model/controller-api-access.ts'
import { CausewayError } from '../model/errors.ts'
import { type FleetDocument, type FleetKind, fleetKinds } from '../model/fleet.ts'
import { byKind, nameOf } from '../plan/fleet-documents.ts'
import { requirePermission } from '../plan/role.ts'
import { type ExitCode, exitCode, Misuse, meantText } from './call.ts'
import {
  ask,
  askTenant,
  type CtlCall,
  type CtlCommand,
  confirm,
  print,
  tenantOf,
} from './ctl-call.ts'
import {
  type GivenDocument,
  placeErrors,
  readDocuments,
  reportDocuments,
  reportWarnings,
} from './ctl-document.ts'
import { ipamText } from './ctl-ipam-text.ts'
import { appliedText, planText } from './ctl-plan-text.ts'
import { table } from './table.ts'
import { errorText } from './text.ts'

/** A plan of a thousand sites takes its time. */
const planMs = 90_000

export const fleetCommands: readonly CtlCommand[] = [
  {
    name: 'plan',
    takes: '-f DIR|FILE [--prune]',
    help: `show what documents would change, of them and of what each box is told; changes nothing.
A folder is read with those in it. With --prune what is not in it is taken away. With
--detailed-exitcode the exit code is 5 where something would change`,
    words: [0, 0],
    options: ['file', 'prune', 'detailed-exitcode'],
    run: plan,
  },
  {
    name: 'apply',
    takes: '-f DIR|FILE [--prune] [--yes]',
    help: 'the same, and do it once somebody has said yes (--yes says it)',
    words: [0, 0],
    options: ['file', 'prune', 'yes'],
    run: apply,
  },
  {
    name: 'get',
    takes: '[KIND [NAME]]',
    help: 'list the documents that are there, or print one as YAML',
    words: [0, 2],
    options: [],
    run: get,
  },
  {
    name: 'export',
    takes: 'DIR',
    help: 'write all documents as files DIR/KIND/NAME.yaml; to apply them again changes nothing',
    words: [1, 1],
    options: [],
    run: exportAll,
  },
  {
    name: 'ipam',
    takes: '',
    help: 'show pools, who has which network, what is free, and where two have the same',
    words: [0, 0],
    options: [],
    run: async (call) => {
      print(call, await askTenant<IpamAnswer>(call, 'ipam'), ipamText)
      return exitCode.done
    },
  },
]

async function plan(call: CtlCall): Promise<ExitCode> {
  const planned = await planOf(call)
  if (planned === null) return refused(call)
  print(call, planned.change, () => planned.text)
  if (!isSound(call, planned)) return refused(call)
  const isNothing = planned.change.documents.length === 0 && planned.change.sites.length === 0
  return call.options['detailed-exitcode'] === true && !isNothing ? exitCode.differs : exitCode.done
}

async function apply(call: CtlCall): Promise<ExitCode> {
  fileOf(call)
  // Whoever may not do it is told before they have read what it would be.
  requirePermission(await ask<WhoAnswer>(call, '/api/v1/who'), 'fleet.write', await tenantOf(call))
  const planned = await planOf(call)
  if (planned === null) return refused(call)
  const { change, given, text, isWhole } = planned
  if (!isSound(call, planned)) return refused(call)
  if (change.documents.length === 0) {
    print(call, change, appliedText)
    return exitCode.done
  }
  if (!call.isJson) call.output.out(text)
  if (!(await confirm(call, 'Do it?', '--yes'))) {
    call.output.err('nothing was changed\n')
    return exitCode.failed
  }
  // Who said yes beforehand said it to whatever it would be.
  const seen = call.options.yes === true ? {} : { digest: change.digest }
  const done = await sent(call, 'apply', given, { isWhole, ...seen })
  if (done === null) return refused(call)
  print(call, done, appliedText)
  return exitCode.done
}

/** @throws Misuse */
function fileOf({ options: { file } }: CtlCall): string {
  if (typeof file === 'string') return file
  throw new Misuse('-f DIR or FILE is needed')
}

function refused({ isJson, output }: CtlCall): ExitCode {
  if (!isJson) output.err('refused: nothing changes\n')
  return exitCode.refused
}

interface Planned {
  readonly given: readonly GivenDocument[]
  readonly isWhole: boolean
  readonly change: FleetChange
  readonly text: string
}

/** Null: the documents were refused, and it was said why. */
async function planOf(call: CtlCall): Promise<Planned | null> {
  const { prune } = call.options
  const file = fileOf(call)
  const { documents: given, unread, errors } = await readDocuments(file)
  if (unread.length > 0 && !call.isJson) call.output.err(unreadText(unread))
  if (errors.length > 0) {
    reportDocuments(call, errors)
    return null
  }
  if (given.length === 0) {
    const all = prune === true ? ': to take all away, remove them by kinds' : ''
    const message = `there are no documents in ${file}${all}`
    throw new CausewayError('CONFIG_UNREADABLE', message)
  }
  const isWhole = prune === true
  const change = await sent(call, 'plan', given, { isWhole })
  if (change === null) return null
  const { documents } = await askTenant<FleetAnswer>(call, 'fleet', { timeoutMs: planMs })
  const after = given.map(({ document }) => document)
  return { given, isWhole, change, text: planText(change, documents as FleetDocument[], after) }
}

function unreadText(files: readonly string[]): string {
  const more = files.length > 3 ? ` and ${files.length - 3} more` : ''
  const named = files.slice(0, 3).join(', ')
  return `warning: not read, for they end in neither .yaml nor .yml: ${named}${more}\n`
}

/** Null: refused, and said why, by file and line. */
async function sent(
  call: CtlCall,
  verb: 'plan' | 'apply',
  given: readonly GivenDocument[],
  more: Omit<FleetBody, 'documents'>,
): Promise<FleetChange | null> {
  const post: FleetBody = { documents: given.map(({ document }) => document), ...more }
  try {
    return await askTenant<FleetChange>(call, verb, { post, timeoutMs: planMs })
  } catch (error) {
    if (!(error instanceof CausewayError) || error.errors === undefined) throw error
    reportDocuments(call, placeErrors(error.errors, given))
    return null
  }
}

/** Whether it brings no problem; tells of those that it does. */
function isSound(call: CtlCall, { change, given }: Planned): boolean {
  reportWarnings(call, change.warnings, given)
  if (change.problems.length === 0) return true
  const errors = change.problems.map(({ document, path = '', code, message }) => {
    return { code: code as 'FLEET_REFERENCE', message, path: `${document}${path}` }
  })
  // Programs have them in the change.
  if (!call.isJson || call.options.yes === true) reportDocuments(call, placeErrors(errors, given))
  return false
}

async function get(call: CtlCall): Promise<ExitCode> {
  const [kind, name] = call.words
  if (kind !== undefined && !(fleetKinds as readonly string[]).includes(kind)) {
    throw new Misuse(`there is no kind '${kind}'${meantText(kind, fleetKinds)}`)
  }
  const { documents, problems } = await askTenant<FleetAnswer>(call, 'fleet', { timeoutMs: planMs })
  const found = inOrder(documents as FleetDocument[]).filter(
    (one) => (kind === undefined || one.kind === kind) && (name ?? one.name) === one.name,
  )
  if (name !== undefined && found.length === 0) {
    throw new CausewayError('API_NOT_FOUND', `there is no ${kind} ${name}`)
  }
  const names = new Set(found.map(nameOf))
  const own = problems.filter(({ document }) => kind === undefined || names.has(document))
  print(call, { documents: found, problems: own }, () => {
    for (const { document, path = '', code, message } of own) {
      call.output.err(`${errorText({ code, message, path: `${document}${path}` }, null)}\n`)
    }
    if (name !== undefined) return documentText(found[0])
    if (found.length === 0) return 'there are no documents\n'
    return table(['KIND', 'NAME', ''], found.map(rowOf))
  })
  return exitCode.done
}

function rowOf(document: FleetDocument): string[] {
  const { kind, name } = document
  return [kind, name, aboutOf(document)]
}

function aboutOf(document: FleetDocument): string {
  switch (document.kind) {
    case 'network':
      return document.topology?.kind ?? 'mesh'
    case 'pool':
      return `${document.prefix} in /${document.bits}`
    case 'segment':
      return document.pools === undefined ? '' : `from ${document.pools.join(', ')}`
    case 'site': {
      const lans = document.lans.map(({ name: lan, segment }) => `${lan}: ${segment}`).join(', ')
      return [document.role ?? 'site', lans].join('; ')
    }
    case 'profile': {
      const { voice, business, normal, bulk } = document
      return `voice up to ${voice} %, then ${business} : ${normal} : ${bulk}`
    }
    case 'policy':
    case 'rule':
    case 'application':
      return `order ${document.order}`
  }
}

async function exportAll(call: CtlCall): Promise<ExitCode> {
  const [folder = ''] = call.words
  const { documents } = await askTenant<FleetAnswer>(call, 'fleet', { timeoutMs: planMs })
  const paths = await writeFleetFiles(folder, inOrder(documents as FleetDocument[]))
  print(call, { files: paths }, () => `${paths.length} documents are in ${folder}\n`)
  return exitCode.done
}

/** By kind, then as they are taken. */
function inOrder(documents: readonly FleetDocument[]): FleetDocument[] {
  const sorted = byKind(documents)
  return fleetKinds.flatMap((kind: FleetKind) => [...sorted[kind]])
}
