/** Writes how an uplink is connected into a configuration's text, whose comments and order stay. Pure. */
import { parseDocument } from 'yaml'

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
  const value: unknown = parseDocument(text).toJS()
  const { uplinks, site } = (value ?? {}) as { uplinks?: ReadUplink[]; site?: unknown }
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
export function withUplink(text: string, choice: UplinkChoice): string | null {
  const document = parseDocument(text)
  const { uplinks, revision } = (document.toJS() ?? {}) as {
    uplinks?: ReadUplink[]
    revision?: unknown
  }
  const at = uplinks?.findIndex(({ name }) => name === choice.name) ?? -1
  if (at < 0) return null
  const set = (field: string, value: unknown): void => {
    if (value === '' || value === null) document.deleteIn(['uplinks', at, field])
    else document.setIn(['uplinks', at, field], value)
  }
  set('address', choice.address)
  set('gateway', choice.address === 'dhcp' ? '' : choice.gateway)
  set('vlan', choice.vlan)
  set('up', choice.up)
  set('down', choice.down)
  document.set('revision', (typeof revision === 'number' ? revision : 0) + 1)
  if (choice.site !== null) {
    document.set('site', choice.site.name)
    document.set('tenant', choice.site.tenant)
  }
  return document.toString({ lineWidth: 0 })
}
