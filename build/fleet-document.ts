/**
 * Writes firmware/model/FLEET.md from what the controller itself goes by: the schemas of a fleet's documents and the codes that
 * concern them. test/law fails when the page is stale.
 *   node build/fleet-document.ts
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FormSchema } from '../firmware/model/device-config-form.ts'
import { type FleetKind, fleetForms, fleetKinds, mostOfKind } from '../firmware/model/fleet.ts'
import { fleetCodes } from '../firmware/model/fleet-help.ts'
import { fieldSections } from './config-document.ts'

export const fleetPath = join(import.meta.dirname, '../firmware/model/FLEET.md')

/** What a kind is for. */
const about: Readonly<Record<FleetKind, string>> = {
  network: 'What all sites have in common. There is one of it, and nothing happens without it.',
  pool: 'Addresses that LANs are given networks of. What was given once stays, also when the LAN is gone.',
  segment:
    'A virtual network: its LANs talk to each other at all sites, and to those of no other segment unless a rule says so.',
  profile:
    'Who gets what of a full uplink, besides the built-in ones ([CONFIG.md](CONFIG.md#classes)). Boxes get those that their uplinks name.',
  site: 'A place with a box: its uplinks and LANs. What other sites need to know of it they are told.',
  application: 'What policies may be for, besides the well-known ones (CONFIG.md).',
  policy: 'Which uplinks which flows go by. In order; the first that fits decides.',
  rule: 'What is let through, or not. In order; the first that fits decides.',
}

export function fleetDocument(): string {
  return `${[
    '# Documents of a fleet',
    'Made by `build/fleet-document.ts` from the schemas; `npm run check` fails when it is stale. Not to be edited.',
    'What a network is to be, as files: YAML 1.2 without aliases and tags, several documents in one file apart by `---`, files in folders ' +
      'as one likes. `causeway ctl plan -f DIR` shows what they would change, `causeway ctl apply -f DIR` does it, `--prune` takes away what ' +
      'is not among them. From them the controller computes the configuration of each box; a field that a ' +
      "[device's configuration](CONFIG.md) has as well means the same here.",
    'Each says its `kind` and its `name`; a name is one of its kind. Fields in **bold** must be there, every other one is refused.',
    ...fleetKinds.flatMap((kind) => [
      `## ${kind}`,
      `${about[kind]} At most ${mostOfKind[kind]}.`,
      ...sectionsOf(kind),
    ]),
    '## Codes',
    'What `causeway ctl`, a controller and a box on its way to an owner say. Others stand in [CONFIG.md](CONFIG.md#errors).',
    codeTable(),
  ].join('\n\n')}\n`
}

/** The head of each section names the kind, so that links to it are of one thing. */
function sectionsOf(kind: FleetKind): string[] {
  const sections = fieldSections(fleetForms[kind] as unknown as FormSchema, '')
  return sections.slice(1).map((text) => text.replace(/^### `/, `### \`${kind}.`))
}

function codeTable(): string {
  const rows = Object.entries(fleetCodes).map((row) => `| ${row.flat().join(' | ')} |`)
  return ['| code | meaning | what to do |\n|---|---|---|', ...rows].join('\n')
}

if (process.argv[1] === import.meta.filename) writeFileSync(fleetPath, fleetDocument())
