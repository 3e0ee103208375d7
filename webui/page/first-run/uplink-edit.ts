/**
 * Writes how an uplink is connected into a configuration's text, whose comments and order stay: one that is there, or a new one; and
 * where nothing runs yet, all that has to stand around it. Pure.
 */
import type { ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import type { NicAnswer } from '../../../firmware/model/local-api-lan.ts'
import type { Edit } from '../../config/edit.ts'
import type { Value } from '../../config/spell.ts'
import { editedAll, valueOfText } from '../../config/text.ts'

export interface UplinkChoice {
  readonly name: string
  /** Of a new one; null: it is there already. */
  readonly nic: string | null
  /** Fixed addresses, or what DHCP lends. */
  readonly address: 'dhcp' | readonly string[]
  /** Empty: none. */
  readonly gateway: string
  readonly vlan: number | null
  readonly up: string
  readonly down: string
  /** Of a box that had no site; null: it keeps its own. */
  readonly site: { readonly name: string; readonly tenant: string } | null
}

export interface Connection extends Omit<UplinkChoice, 'site' | 'name' | 'nic'> {
  readonly site: string
}

interface ReadUplink {
  readonly name?: unknown
  readonly address?: unknown
  readonly gateway?: unknown
  readonly vlan?: unknown
  readonly up?: unknown
  readonly down?: unknown
}

/** Null: the text names no such uplink. */
export function connectionOf(text: string, uplink: string): Connection | null {
  const { uplinks, site } = (valueOfText(text) ?? {}) as { uplinks?: ReadUplink[]; site?: unknown }
  const found = uplinks?.find(({ name }) => name === uplink)
  if (found === undefined) return null
  const textOf = (one: unknown): string => (one === undefined ? '' : String(one))
  const { address } = found
  return {
    address: Array.isArray(address) ? address.map(String) : 'dhcp',
    gateway: textOf(found.gateway),
    vlan: typeof found.vlan === 'number' ? found.vlan : null,
    up: textOf(found.up),
    down: textOf(found.down),
    site: textOf(site),
  }
}

/** What a new one begins with. */
export const freshConnection: Connection = {
  ...{ address: 'dhcp', gateway: '', vlan: null, up: '', down: '', site: '' },
}

/** Not used yet; those with a cable in first. */
export function freeNics(nics: readonly NicAnswer[]): NicAnswer[] {
  return nics
    .filter(({ isPresent, ports }) => isPresent && ports.length === 0)
    .toSorted((one, other) => Number(other.hasCarrier === true) - Number(one.hasCarrier === true))
}

/** For an uplink that has none. */
export function freeUplinkName(text: string): string {
  const { uplinks = [] } = (valueOfText(text) ?? {}) as { uplinks?: ReadUplink[] }
  const taken = new Set(uplinks.map(({ name }) => name))
  return ['wan0', ...uplinks.map((_, index) => `wan${index + 1}`)].find((one) => !taken.has(one))!
}

/** Around the first uplink of a box that runs nothing. */
const bareText = `version: 1
revision: 0
site: blank
tenant: 00000000-0000-4000-8000-000000000000
overlay: { port: 51820 }
uplinks: []
segments: []
lans: []
peers: []
`

/** With the next revision. Null: the text names no such uplink, and no NIC for a new one was said. */
export function withUplink(
  { text: before, nextRevision }: Pick<ConfigAnswer, 'text' | 'nextRevision'>,
  choice: UplinkChoice,
): string | null {
  const text = before.trim() === '' ? bareText : before
  const { uplinks } = (valueOfText(text) ?? {}) as { uplinks?: ReadUplink[] }
  const found = uplinks?.findIndex(({ name }) => name === choice.name) ?? -1
  const isNew = found < 0
  if (isNew && choice.nic === null) return null
  const index = isNew ? (uplinks?.length ?? 0) : found
  const fresh = { name: choice.name, nic: choice.nic ?? '', address: 'dhcp' }
  const set = (field: string, value: Value | '' | null): Edit => {
    const at = ['uplinks', index, field]
    return value === '' || value === null ? { kind: 'remove', at } : { kind: 'set', at, value }
  }
  const { address, gateway, vlan, up, down, site } = choice
  return editedAll(text, [
    ...(isNew ? [{ kind: 'insert', at: ['uplinks'], index, value: fresh } as const] : []),
    set('address', address),
    set('gateway', address === 'dhcp' ? '' : gateway),
    set('vlan', vlan),
    set('up', up),
    set('down', down),
    { kind: 'set', at: ['revision'], value: nextRevision },
    ...Object.entries(site === null ? {} : { site: site.name, tenant: site.tenant }).map(
      ([field, value]): Edit => ({ kind: 'set', at: [field], value }),
    ),
  ])
}
