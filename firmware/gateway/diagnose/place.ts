/**
 * Whence and whither a test goes: names of the configuration become a device or an address of the box, a host's name becomes
 * an address. What comes out is safe as an argument: the kernel's names as the configuration's form has them, addresses as we
 * write them.
 */
import type { Tools } from '../../host/diagnose/tools.ts'
import { type Family, formatAddress, parseAddress } from '../../model/address.ts'
import type { DeviceConfig } from '../../model/device-config.ts'
import { CausewayError } from '../../model/errors.ts'
import type { Status } from '../../model/local-api.ts'
import type { RunFrom } from '../../model/local-api-diagnose.ts'
import type { PathsAnswer } from '../../model/local-api-path.ts'
import { nearestOf } from '../../model/nearest.ts'
import type { LeaseFacts } from '../../model/service.ts'

/** What tests know of the box. */
export interface Surroundings {
  /** Null: none runs. */
  readonly config: () => DeviceConfig | null
  readonly status: () => Status
  /** @throws API_NOT_READY */
  readonly paths: () => PathsAnswer
  readonly leases: () => Promise<readonly LeaseFacts[]>
  readonly tools: Tools
}

/** @throws API_NOT_READY */
export function configOf({ config }: Pick<Surroundings, 'config'>): DeviceConfig {
  const found = config()
  if (found === null) throw new CausewayError('API_NOT_READY', 'no configuration runs')
  return found
}

/** One of these. @throws API_INVALID with `path` into the request */
export function namedOf<Part extends { readonly name: string }>(
  field: string,
  name: string,
  parts: readonly Part[],
): Part {
  const found = parts.find((part) => part.name === name)
  if (found !== undefined) return found
  const nearest = nearestOf(
    name,
    parts.map((part) => part.name),
  )
  const meant = nearest === null ? '' : `: did you mean '${nearest}'?`
  throw new CausewayError('API_INVALID', `there is no '${name}' on this box${meant}`, {
    path: `/${field}`,
  })
}

/** By a device, or from an address of the box, or as routes say. */
export interface Origin {
  readonly device: string | null
  readonly address: string | null
  /** For people: `uplink wan0`. */
  readonly text: string
}

/** @throws API_INVALID */
export function originOf(from: RunFrom, config: DeviceConfig): Origin {
  const { uplink, lan, segment } = from
  const told = [uplink, lan, segment].filter((one) => one !== undefined)
  if (told.length > 1) refuse('', 'takes one of uplink, lan and segment')
  if (uplink !== undefined) {
    const { name } = namedOf('uplink', uplink, config.uplinks)
    return { device: name, address: null, text: `uplink ${name}` }
  }
  if (lan !== undefined) {
    const { name, address } = namedOf('lan', lan, config.lans)
    return { device: null, address: address.join(' '), text: `LAN ${name}` }
  }
  if (segment === undefined) return { device: null, address: null, text: 'the box' }
  const { name } = namedOf('segment', segment, config.segments)
  const own = config.lans.filter((one) => one.segment === name).flatMap(({ address }) => address)
  if (own.length === 0) refuse('/segment', 'has no LAN here, so the box has no address in it')
  return { device: null, address: own.join(' '), text: `segment ${name}` }
}

/** The box's address of that family. @throws API_INVALID: it has none there */
export function addressFor({ address, text }: Origin, family: Family): string | null {
  if (address === null) return null
  const own = address
    .split(' ')
    .map((one) => parseAddress(one.split('/')[0]!))
    .find((one) => one?.family === family)
  if (own !== undefined && own !== null) return formatAddress(own)
  refuse('/to', `is of IPv${family}, of which the box has no address in ${text}`)
}

/** `-I` of ping: a device binds to it, an address is only the source. */
export function pingSource(origin: Origin, family: Family): readonly string[] {
  const bound = origin.device ?? addressFor(origin, family)
  return bound === null ? [] : ['-I', bound]
}

export function traceSource(origin: Origin, family: Family): readonly string[] {
  if (origin.device !== null) return ['-i', origin.device]
  const address = addressFor(origin, family)
  return address === null ? [] : ['-s', address]
}

export interface Destination {
  readonly address: string
  readonly family: Family
  /** For people: with the name that was asked for. */
  readonly text: string
}

/** Asks for the address of a name. @throws API_INVALID: it has none, or that is of one link alone */
export async function destinationOf(
  to: string,
  family: Family | undefined,
  around: Surroundings,
  signal: AbortSignal,
): Promise<Destination> {
  const literal = parseAddress(to)
  if (literal !== null) {
    const address = formatAddress(literal)
    return { address, family: literal.family, text: address }
  }
  if (to.includes(':')) refuse('/to', 'must be an address or the name of a host')
  const servers = await boxServers(around)
  const families: readonly Family[] = family === undefined ? [4, 6] : [family]
  for (const one of families) {
    const type = one === 4 ? 'A' : 'AAAA'
    const answer = await around.tools.ask({ name: to, type, servers, from: null, signal })
    const found = answer.records.map(parseAddress).find((record) => record !== null)
    if (found === undefined || found === null) continue
    const address = formatAddress(found)
    return { address, family: one, text: `${to} (${address})` }
  }
  refuse('/to', `is a name without an address: DNS knows none of '${to}'`)
}

/** Whom the box asks for names: as configured, as lent to its uplinks; empty: as the machine is set up. */
export async function boxServers(around: Surroundings): Promise<readonly string[]> {
  const configured = around.config()?.dns?.servers
  if (configured !== undefined) return configured
  return [...new Set((await around.leases()).flatMap(({ dnsServers }) => dnsServers))]
}

export function refuse(path: string, message: string): never {
  throw new CausewayError('API_INVALID', message, { path })
}
