/**
 * Whether a request is meant for this box, and comes from its own page: what keeps a foreign site in somebody's browser from asking in
 * their name. By the name that is asked (against DNS rebinding), by `Origin` (RFC 6454) and by Fetch Metadata (W3C). Pure.
 */
import { ipBytes, ipText } from '../../wire/ip.ts'

export interface AskedHeaders {
  readonly host?: string | undefined
  readonly origin?: string | undefined
  readonly 'sec-fetch-site'?: string | string[] | undefined
}

/** Names of one label, and below `.local`, no domain of a stranger's can be (RFC 6762). */
export function ownNames(
  addresses: readonly string[],
  site: string | null,
  domain: string | null,
): ReadonlySet<string> {
  const labels = ['causeway', ...(site === null ? [] : [site.toLowerCase()])]
  const below = ['local', ...(domain === null ? [] : [domain.toLowerCase()])]
  return new Set([
    ...addresses.map((address) => ipText(ipBytes(address))),
    ...labels,
    ...labels.flatMap((label) => below.map((suffix) => `${label}.${suffix}`)),
  ])
}

/** @param port where it listens; 443 need not be said */
export function isOwnHost(
  host: string | undefined,
  names: ReadonlySet<string>,
  port: number,
): boolean {
  const [, bracketed, plain, said] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::(\d{1,5}))?$/i.exec(host ?? '') ?? []
  const name = bracketed === undefined ? plain?.toLowerCase() : canonical(bracketed)
  return name !== undefined && names.has(name) && Number(said ?? 443) === port
}

/** @param isChange it may change something: only the box's own page may, and what is no browser */
export function isCrossSite(headers: AskedHeaders, isChange: boolean): boolean {
  const { host, origin, 'sec-fetch-site': site } = headers
  if (site !== undefined && site !== 'same-origin' && !(site === 'none' && !isChange)) return true
  return origin !== undefined && origin.toLowerCase() !== `https://${host?.toLowerCase()}`
}

function canonical(address: string): string | undefined {
  try {
    return ipText(ipBytes(address))
  } catch {
    return undefined
  }
}
