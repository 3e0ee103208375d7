/** Writes how an uplink is connected into a configuration's text, whose comments and order stay. Pure. */
import type { ConfigAnswer } from '../../../firmware/model/local-api-config.ts'
import type { Edit } from '../../config/edit.ts'
import type { Value } from '../../config/spell.ts'
import { editedAll, valueOfText } from '../../config/text.ts'

export interface UplinkChoice {
  readonly name: string
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

export interface Connection extends Omit<UplinkChoice, 'site' | 'name'> {
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

/** With the next revision. Null: the text names no such uplink. */
export function withUplink(
  { text, nextRevision }: Pick<ConfigAnswer, 'text' | 'nextRevision'>,
  choice: UplinkChoice,
): string | null {
  const { uplinks } = (valueOfText(text) ?? {}) as { uplinks?: ReadUplink[] }
  const index = uplinks?.findIndex(({ name }) => name === choice.name) ?? -1
  if (index < 0) return null
  const set = (field: string, value: Value | '' | null): Edit => {
    const at = ['uplinks', index, field]
    return value === '' || value === null ? { kind: 'remove', at } : { kind: 'set', at, value }
  }
  const { address, gateway, vlan, up, down, site } = choice
  return editedAll(text, [
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
