/**
 * Reads what iproute2, ethtool and nft print as JSON into the model's words. Pure; what it does not know it
 * leaves out. Formats: `ip -json -d addr`, `ip -json route`, `ip -json rule`, `ethtool --json -k`, `nft -j`.
 */
import { coverageOf } from '../../model/address-range.ts'
import { CausewayError } from '../../model/errors.ts'
import {
  type FeatureState,
  type FirewallState,
  type LinkReading,
  ownMark,
  type RouteState,
  type RuleState,
} from '../../model/host-state.ts'

type Json = Readonly<Record<string, unknown>>

export function readLinks(text: string): LinkReading[] {
  return objects(text).map((link) => {
    const flags = strings(link.flags)
    // Link-local addresses and those of router advertisements are the kernel's own; of IPv4 it makes none itself.
    const addresses = list(link.addr_info).filter(
      ({ scope, family, dynamic }) => scope !== 'link' && (family === 'inet' || dynamic !== true),
    )
    return {
      name: string(link.ifname),
      mac: string(link.address),
      mtuBytes: number(link.mtu),
      tsoMaxBytes: typeof link.tso_max_size === 'number' ? link.tso_max_size : null,
      isUp: flags.includes('UP'),
      isAllmulti: flags.includes('ALLMULTI'),
      gsoMaxBytes: number(link.gso_max_size),
      groMaxBytes: number(link.gro_max_size),
      tunnel: readTunnel(link),
      isOurs: string(link.group) === String(ownMark),
      addresses: addresses.map(addressOf),
      validSeconds: Object.fromEntries(
        addresses
          .filter(({ dynamic }) => dynamic === true)
          .map((address) => [addressOf(address), number(address.valid_life_time)]),
      ),
      features: {},
    }
  })
}

function addressOf({ local, prefixlen }: Json): string {
  return `${string(local)}/${number(prefixlen)}`
}

export function isLoopback(link: LinkReading): boolean {
  return link.name === 'lo'
}

function readTunnel(link: Json): LinkReading['tunnel'] {
  const info = object(link.linkinfo)
  if (info.info_kind !== 'tun') return null
  const data = object(info.info_data)
  const isFit =
    data.persist === true &&
    data.multi_queue === true &&
    data.vnet_hdr === true &&
    data.pi === false
  return { kind: data.type === 'tap' ? 'tap' : 'tun', isFit }
}

/** Routes of one family, which `ip route show` does not tell. */
export function readRoutes(text: string, family: 4 | 6): RouteState[] {
  return objects(text).map((route) => {
    const isUnreachable = route.type === 'unreachable'
    return {
      prefix: prefixOf(string(route.dst), family),
      table: tableNumber(route.table),
      metric: number(route.metric),
      kind: isUnreachable ? 'unreachable' : 'unicast',
      // IPv6 says `lo`, which is not ours to name.
      device: isUnreachable ? null : optional(route.dev),
      via: optional(route.gateway),
      source: optional(route.prefsrc),
    }
  })
}

/** Rules of one family, which `ip rule show` does not tell. */
export function readRules(text: string, family: 4 | 6): RuleState[] {
  return objects(text)
    .filter(({ protocol }) => string(protocol) === String(ownMark))
    .map((rule) => ({
      family,
      priority: number(rule.priority),
      from: rule.src === 'all' ? null : optional(rule.src),
      device: optional(rule.oif),
      table: tableNumber(rule.table),
    }))
}

/** ethtool's older names for what `-K` takes by the kernel's. */
const kernelNames: Readonly<Record<string, string>> = {
  'generic-receive-offload': 'rx-gro',
  'large-receive-offload': 'rx-lro',
}

/** By the kernel's names. */
export function readFeatures(text: string): Record<string, FeatureState> {
  const [features = {}] = objects(text)
  const found = Object.entries(features)
    .filter(([, state]) => typeof object(state).active === 'boolean')
    .map(([name, state]) => {
      const { active, fixed } = object(state)
      return [
        kernelNames[name] ?? name,
        { isOn: active === true, isFixed: fixed === true },
      ] as const
    })
  return Object.fromEntries(found)
}

/** What `ip` says in the C locale of what is not there: route, rule, address, table or link. */
const absences = [
  /^RTNETLINK answers: No such (process|file or directory|device)$/,
  /^RTNETLINK answers: Cannot assign requested address$/,
  /^Error: (ipv[46]: )?(FIB table does not exist|[Aa]ddress not found)\.$/,
  /^Cannot find device ".*"$/,
  // Follows each of them in a batch.
  /^Command failed -:\d+$/,
]

/** Whether `ip -force -batch -` failed for no other reason than that what it should remove is gone already. */
export function isGoneAlready(stderr: string): boolean {
  const lines = stderr.trim().split('\n')
  return lines.every((line) => absences.some((absence) => absence.test(line)))
}

/** Whether `nft -j list tables` names a table of the inet family. */
export function hasTable(text: string, name: string): boolean {
  return list(object(json(text)).nftables).some((item) => {
    const table = object(item.table)
    return table.name === name && table.family === 'inet'
  })
}

/** The fingerprint that a rule of the table bears, how many rules there are, and what the named sets hold. */
export function readFirewall(text: string): Omit<FirewallState, 'text'> {
  const items = list(object(json(text)).nftables)
  const rules = items.filter(({ rule }) => rule !== undefined).map(({ rule }) => object(rule))
  const marked = rules.find(({ comment }) => typeof comment === 'string')
  const sets = items
    .filter(({ set }) => set !== undefined)
    .map(({ set }) => object(set))
    // What the table itself fills is nobody's to compare.
    .filter(({ timeout }) => timeout === undefined)
    .map(({ name, elem }) => {
      const elements = Array.isArray(elem) ? elem.map(readElement) : []
      return [string(name), ...coverageOf(elements)].join(' ')
    })
    .toSorted()
  return { fingerprint: string(marked?.comment), ruleCount: rules.length, sets }
}

function readElement(element: unknown): string {
  if (typeof element === 'string') return element
  const { prefix, range } = object(element)
  if (Array.isArray(range)) return range.map(string).join('-')
  const { addr, len } = object(prefix)
  // One that nobody here writes is no other's either.
  return addr === undefined ? JSON.stringify(element) : `${string(addr)}/${number(len)}`
}

/** What the named counters of a table hold, as `nft -j list counters` tells it. */
export function readCounters(text: string): Map<string, string> {
  const counters = list(object(json(text)).nftables).map(({ counter }) => object(counter))
  return new Map(
    counters
      .filter(({ name }) => name !== undefined)
      .map(({ name, packets, bytes }) => [
        string(name),
        `packets ${number(packets)} bytes ${number(bytes)}`,
      ]),
  )
}

function prefixOf(destination: string, family: 4 | 6): string {
  if (destination === 'default') return family === 4 ? '0.0.0.0/0' : '::/0'
  return destination.includes('/') ? destination : `${destination}/${family === 4 ? 32 : 128}`
}

const tableNames: Readonly<Record<string, number>> = { main: 254, default: 253, local: 255 }

function tableNumber(table: unknown): number {
  if (table === undefined) return 254
  const name = string(table)
  return Object.hasOwn(tableNames, name) ? tableNames[name]! : Number(name)
}

function objects(text: string): Json[] {
  return text.trim() === '' ? [] : list(json(text))
}

/** What a tool printed that cannot be read is no picture of the machine. @throws HOST_SYSTEM */
function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CausewayError('HOST_SYSTEM', 'a tool of the machine printed no JSON', { cause })
  }
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : []
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

function string(value: unknown): string {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : ''
}

function optional(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(string) : []
}
