/** A look-up of a name: whom is asked, and what each outcome means. RFC 1035, RFC 3596. */
import { formatAddress, parseAddress } from '../../model/address.ts'
import type { DnsRequest } from '../../model/local-api-diagnose.ts'
import { boxServers, configOf, namedOf, refuse, type Surroundings } from './place.ts'
import type { Work } from './runs.ts'

/** Sentences by the resolver's word; they complete "The server …". */
const codes: Readonly<Record<string, string>> = {
  ENOTFOUND: 'says that there is no such name',
  ENODATA: 'knows the name, but nothing of this kind about it',
  ESERVFAIL: 'failed to find out',
  EREFUSED: 'refuses to answer',
  ECONNREFUSED: 'takes no questions there',
  ETIMEOUT: 'does not answer',
  EBADNAME: 'cannot be asked for such a name',
  ECANCELLED: 'was not waited for',
}

export function codeText(code: string): string {
  return codes[code] ?? `answers ${code}`
}

/** Whoever says so has answered. */
export function isAnswer(code: string | null): boolean {
  return code === null || ['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EREFUSED'].includes(code)
}

/** @throws API_INVALID, API_NOT_READY before it begins */
export function dnsWork(request: DnsRequest, around: Surroundings): Work {
  const { name, server, uplink } = request
  const isAddress = parseAddress(name) !== null
  const { type = isAddress ? 'PTR' : 'A' } = request
  if ((type === 'PTR') !== isAddress)
    refuse(
      '/name',
      type === 'PTR' ? 'must be an address for PTR' : 'must be a name, not an address',
    )
  const chosen = server === undefined ? null : parseAddress(server)
  if (server !== undefined && chosen === null) refuse('/server', 'must be an address')
  if (uplink !== undefined) namedOf('uplink', uplink, configOf(around).uplinks)
  const from = uplink === undefined ? null : uplinkAddress(around, uplink, chosen?.family ?? 4)
  if (uplink !== undefined && from === null) refuse('/uplink', 'has no address of that family now')
  return async (tell, signal) => {
    const servers = chosen === null ? await boxServers(around) : [formatAddress(chosen)]
    const { records, code } = await around.tools.ask({ name, type, servers, from, signal })
    for (const record of records) tell.step({ verdict: 'good', sentence: record })
    const whom = servers.length === 0 ? "the machine's resolver" : servers.join(' or ')
    if (code === null) {
      const count = `${records.length} ${records.length === 1 ? 'record' : 'records'}`
      tell.conclude('good', `${name} has ${count} of type ${type}, says ${whom}.`)
    } else tell.conclude('bad', `${name}, type ${type}: ${whom} ${codeText(code)}.`)
  }
}

/** Without length; null: it has none of that family. */
export function uplinkAddress(
  { status }: Pick<Surroundings, 'status'>,
  uplink: string,
  family: 4 | 6,
): string | null {
  const addresses = status().uplinks.find(({ name }) => name === uplink)?.address ?? []
  const own = addresses.map((text) => parseAddress(text.split('/')[0]!))
  const found = own.find((address) => address?.family === family)
  return found === undefined || found === null ? null : formatAddress(found)
}
