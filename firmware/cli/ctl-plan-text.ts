/** What a change of documents would do, as people read it: by document and by box, a line a field. Pure. */

import { type Difference, diffConfigs } from '../model/config-diff.ts'
import type { FleetChange } from '../model/controller-api.ts'
import type { FleetDocument } from '../model/fleet.ts'
import { secretFields } from '../model/secret-field.ts'
import { nameOf } from '../plan/fleet-documents.ts'

const signs = { add: '+', change: '~', remove: '-' } as const
const mostValue = 240
/** Of what is alike before the difference in a long value. */
const shownBefore = 24

/** @param before the documents that are there @param after those that were given */
export function planText(
  { documents, sites, problems }: FleetChange,
  before: readonly FleetDocument[],
  after: readonly FleetDocument[],
): string {
  const isNothing = documents.length === 0 && sites.length === 0
  if (isNothing) return problems.length === 0 ? 'nothing changes\n' : ''
  const [was, will] = [byName(before), byName(after)]
  const documentLines = documents.flatMap(({ document, action }) => {
    const head = `${signs[action]} ${document}\n`
    const [one, other] = [was.get(document), will.get(document)]
    if (action !== 'change' || one === undefined || other === undefined) return [head]
    return [head, ...diffConfigs(one, other).map(differenceLine)]
  })
  const siteLines = sites.flatMap(({ site, differences, leftBox }) => {
    if (leftBox !== undefined) return [`- ${site}: ${leftText(leftBox)}\n`]
    const isNew = differences.length === 1 && differences[0]!.path === ''
    if (isNew) return [`${differences[0]!.after === undefined ? '-' : '+'} ${site}\n`]
    const shown = differences as readonly Difference[]
    return [`~ ${site}\n`, ...shown.map(differenceLine), ...renamedLines(shown)]
  })
  const parts = [
    ...(documentLines.length === 0 ? [] : ['Documents\n', ...documentLines.map(indented)]),
  ]
  // What is refused has no outcome.
  if (problems.length > 0) return parts.join('')
  const siteTitle = siteLines.length === 0 ? [] : ['Sites: what their boxes will be told\n']
  const summary = `${summaryOf(documents, sites.length)}\n`
  return [...parts, ...siteTitle, ...siteLines.map(indented), summary].join('')
}

export function appliedText({ documents, sites }: FleetChange): string {
  if (documents.length === 0) return 'nothing to do\n'
  return `done: ${summaryOf(documents, sites.length)}\n`
}

function leftText(deviceId: string): string {
  const serial = deviceId.slice(0, 8)
  return `its box ${serial} goes on with what it has: ctl release ${serial} lets it go`
}

function summaryOf(documents: FleetChange['documents'], sites: number): string {
  const count = (action: keyof typeof signs): number =>
    documents.filter((one) => one.action === action).length
  const of = `${count('add')} added, ${count('change')} changed, ${count('remove')} removed`
  return `documents: ${of}; sites that are told something new: ${sites}`
}

function byName(documents: readonly FleetDocument[]): ReadonlyMap<string, FleetDocument> {
  return new Map(documents.map((one) => [nameOf(one), one]))
}

function indented(line: string): string {
  return `  ${line}`
}

/** `uplinks/wan0/down: 250M → 300M` */
function differenceLine({ path, before, after }: Difference): string {
  const words = path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
  const isSecret = secretFields.has(path.slice(path.lastIndexOf('/') + 1))
  const [was, is] = isSecret ? ['(secret)', '(secret)'] : apart(valueText(before), valueText(after))
  if (before === undefined) return `    + ${words}: ${is}\n`
  if (after === undefined) return `    - ${words}: ${was}\n`
  return `    ~ ${words}: ${was} → ${is}\n`
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** As much of long ones as has room, from a little before the first letter in which they differ. */
function apart(one: string, other: string): readonly [string, string] {
  let same = 0
  while (same < one.length && same < other.length && one[same] === other[same]) same++
  const from = Math.max(one.length, other.length) > mostValue ? Math.max(0, same - shownBefore) : 0
  const shown = (text: string): string => {
    const head = from === 0 ? '' : '…'
    const isCut = text.length - from > mostValue
    return `${head}${text.slice(from, from + mostValue - (isCut ? 1 : 0))}${isCut ? '…' : ''}`
  }
  return [shown(one), shown(other)]
}

/** A network hangs on the name of its LAN: by another name the same NIC has another one. */
function renamedLines(differences: readonly Difference[]): string[] {
  const lans = differences.flatMap(({ path, before, after }) =>
    /^\/lans\/[^/]+$/.test(path) ? [{ before: before as LanText, after: after as LanText }] : [],
  )
  return lans.flatMap(({ before, after }) => {
    if (before === undefined || after !== undefined) return []
    const other = lans.find((one) => {
      return (
        one.before === undefined && one.after?.nic === before.nic && one.after.vlan === before.vlan
      )
    })?.after
    if (other === undefined) return []
    const [was, is] = [before, other].map(({ address = [] }) => address.join(', '))
    const network = was === is ? is : `${was} → ${is}, another network`
    return [`    ! ${before.name} is called ${other.name} now: ${network}\n`]
  })
}

type LanText =
  | {
      readonly name: string
      readonly nic: string
      readonly vlan?: number
      readonly address?: readonly string[]
    }
  | undefined
