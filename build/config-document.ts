/**
 * Writes firmware/model/CONFIG.md from what the firmware itself goes by: the schema of device.yaml, the rules, the codes,
 * and what it says to broken documents of the tests. test/law fails when the page is stale.
 *   node build/config-document.ts
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDeviceConfig } from '../firmware/host/config/parse.ts'
import { shownCodes } from '../firmware/model/code-help.ts'
import { type ConfigCode, configCodes } from '../firmware/model/config-code.ts'
import { type ConfigRule, configRules } from '../firmware/model/config-rule.ts'
import { deviceConfigForm } from '../firmware/model/device-config-check.ts'
import { type FormSchema, wordsOf } from '../firmware/model/device-config-form.ts'
import { builtInProfiles, classMarks, trafficClasses } from '../firmware/model/device-config-qos.ts'
import type { Criteria } from '../firmware/model/device-config-steering.ts'
import type { ErrorBody } from '../firmware/model/errors.ts'
import { knownApplications } from '../firmware/model/known-applications.ts'
import {
  type RelayedReason,
  relayedReasons,
  relayedRemedies,
} from '../firmware/model/relayed-reason.ts'
import {
  brokenConfigs,
  type Change,
  changed,
  formExamples,
  ownWireKey,
} from '../test/unit/model/broken-config.ts'

export const documentPath = join(import.meta.dirname, '../firmware/model/CONFIG.md')

export function configDocument(): string {
  return `${[
    '# device.yaml',
    'Made by `build/config-document.ts` from the schema and the rules; `npm run check` fails when it is stale. ' +
      'Not to be edited.',
    'One file says what a box is to be. It is YAML 1.2 without aliases and tags, at most 1 MiB. `causeway check ' +
      'FILE` (`-`: standard input) tells everything that is wrong with one, a line each: file, line and column, code, ' +
      'JSON pointer (RFC 6901), what is expected. Of what is no YAML it tells the first slip. A file with an error ' +
      'changes nothing on a box that runs.',
    '## Fields',
    'Fields in **bold** must be there. Every other one is refused, none ignored.',
    ...fieldSections(deviceConfigForm, ''),
    '## Applications',
    'What policies may be for without anybody having to say what it is. One of `applications` with such a name takes its ' +
      'place. A flow that no policy names an application for gets the name of the first that fits it: of ' +
      '`applications`, then of these. Names of servers are those that clients send in clear as TLS or QUIC begins; ' +
      'what is known only then decides when it is known.',
    applicationTable(),
    '## Classes',
    'Where a link is full, packets take turns by class. A packet is of the class that the policy of its flow says (`class`), else of that ' +
      'of its mark (DSCP, RFC 2474, RFC 4594). What is sealed is marked outside as `marks` of the uplink says: with `class` as ' +
      'below. Nobody believes that mark where it arrives: anybody on the way can change it.',
    classTable(),
    'What an uplink gives each class while it is full is its `profile`. These are built in:',
    profileTable(),
    '## Errors',
    'Codes are kept: a program may go by them. Each is shown with what it is told for, an example, and what to do.',
    ...(Object.keys(configCodes) as ConfigCode[]).map(codeSection),
    '## Other codes',
    'What `causeway` and the local API show besides.',
    shownTable(),
    '## Why a peer is relayed',
    '`reason` of `reach` in the local API, with its `explanation`, of a peer that is reached through a relay.',
    relayedTable(),
  ].join('\n\n')}\n`
}

function applicationTable(): string {
  const rows = knownApplications.map(({ name, flows }) => {
    return `| ${name} | ${flows.map(wordsOfFlows).join('<br>')} |`
  })
  return ['| name | its flows: any of |\n|---|---|', ...rows].join('\n')
}

function wordsOfFlows({ to, protocol, ports, names, dscp }: Criteria): string {
  const words = [
    typeof protocol === 'number' ? `protocol ${protocol}` : protocol,
    ports?.join(', '),
    to === undefined ? undefined : `to ${to.join(', ')}`,
    names?.map((name) => `\`${name}\``).join(', '),
    dscp === undefined ? undefined : `marked ${dscp.join(' or ')}`,
  ]
  return words.filter((word) => word !== undefined).join(' ')
}

function classTable(): string {
  const rows = trafficClasses.map((name) => {
    const { marks, outside } = classMarks[name]
    const inside = marks.map(([mark, dscp]) => `${mark} (${dscp})`).join(', ')
    return `| ${name} | ${inside || 'all others'} | ${outside[0]} (${outside[1]}) |`
  })
  return ['| class | marks of its packets | marked outside |\n|---|---|---|', ...rows].join('\n')
}

function profileTable(): string {
  const rows = builtInProfiles.map(({ name, voice, business, normal, bulk }) => {
    return `| ${name} | before all others, up to ${voice} % | ${business} | ${normal} | ${bulk} |`
  })
  const head = '| profile | voice | business | normal | bulk |\n|---|---|---|---|---|'
  return [head, ...rows].join('\n')
}

function shownTable(): string {
  const rows = Object.entries(shownCodes).map((row) => `| ${row.flat().join(' | ')} |`)
  return ['| code | meaning | what to do |\n|---|---|---|', ...rows].join('\n')
}

function relayedTable(): string {
  const rows = Object.entries(relayedReasons).map(([reason, meaning]) => {
    return `| ${reason} | ${meaning} | ${relayedRemedies[reason as RelayedReason]} |`
  })
  return ['| reason | meaning | what to do |\n|---|---|---|', ...rows].join('\n')
}

/** A table for a set of fields, then those of the sets in it. */
export function fieldSections(schema: FormSchema, at: string): string[] {
  const fields = Object.entries(schema.properties ?? {})
  const rows = fields.map(([name, inner]) => {
    const isNeeded = schema.required?.includes(name) === true
    const must = inner.examples === undefined && isPlain(inner) ? wordsOf(inner) : formOf(inner)
    const cells = [
      isNeeded ? `**${name}**` : name,
      must,
      isNeeded ? '' : (inner.unset ?? ''),
      inner.description ?? '',
    ]
    return `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`
  })
  const head = '| field | must be | unless told | meaning |\n|---|---|---|---|'
  const table = [head, ...rows].join('\n')
  const inside = fields.flatMap(([name, inner]) => {
    const set = inner.properties === undefined ? inner.items : inner
    if (set?.properties === undefined) return []
    const place = at === '' ? name : `${at}.${name}`
    return fieldSections(set, inner === set ? place : `${place}[]`)
  })
  return [`### ${at === '' ? 'The document' : `\`${at}\``}`, table, ...inside]
}

function isPlain({ items, patternProperties, properties }: FormSchema): boolean {
  return items === undefined && patternProperties === undefined && properties === undefined
}

function formOf(schema: FormSchema): string {
  const { items, properties, patternProperties, minItems, maxItems, maxProperties } = schema
  const most = `${minItems === undefined ? 'at most ' : `${minItems} to `}${maxItems}`
  if (items?.properties !== undefined) return `a list of sets of fields, ${most}`
  if (items !== undefined) return `a list, ${most}: each ${wordsOf(items)}`
  if (properties !== undefined) return 'a set of fields'
  const [value] = Object.values(patternProperties ?? {})
  if (value === undefined) return wordsOf(schema)
  if (schema.title !== undefined) return schema.title
  return `sets by name of a segment, at most ${maxProperties}: each ${formOf(value)}`
}

function codeSection(code: ConfigCode): string {
  const { meaning, remedy } = configCodes[code]
  const names = Object.keys(configRules) as ConfigRule[]
  const rules = names.filter((rule) => configRules[rule][0] === code)
  const changes = [
    ...rules.flatMap((rule) => brokenConfigs.find((broken) => broken.rule === rule) ?? []),
    ...formExamples.filter((example) => example.code === code),
  ]
  return [
    `### ${code}`,
    meaning,
    ...(rules.length === 0 ? [] : [rules.map((rule) => `* ${configRules[rule][1]}`).join('\n')]),
    ...changes.slice(0, 1).map(({ change }) => exampleOf(change)),
    `*What to do:* ${remedy}`,
  ].join('\n\n')
}

function exampleOf(change: Change): string {
  const document = JSON.stringify(changed(change))
  const [error] = parseDeviceConfig(document, { ownWireKey }).errors
  const set = Object.entries(change).map(([pointer, value]) =>
    value === undefined ? `${pointer} is left out` : `${pointer}: ${textOf(value)}`,
  )
  return `\`\`\`\n${set.join('\n')}\n→ ${sayingOf(error)}\n\`\`\``
}

function textOf(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 90 ? `${text.slice(0, 88)} …` : text
}

function sayingOf(error: ErrorBody | undefined): string {
  return error === undefined ? '' : `${error.code} ${error.path ?? ''}: ${error.message}`
}

if (process.argv[1] === import.meta.filename) writeFileSync(documentPath, configDocument())
