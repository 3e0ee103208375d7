/** The internet's DHCP server for those boxes that have a client on their WAN: dnsmasq, one lease a link. RFC 2131. */
import { bare, type SiteDescription } from './description.ts'
import type { Program } from './program.ts'

/** Of the /30 that every WAN link has. */
const netmask = '255.255.255.252'
const startTimeoutMs = 5_000

/**
 * Starts one server for each site that wants it.
 * @param spawn starts a program in the internet
 */
export async function startDhcpServers(
  sites: readonly SiteDescription[],
  spawn: (argv: readonly string[]) => Program,
  leaseSeconds = 120,
): Promise<void> {
  const clients = sites.filter(({ wan }) => wan.isDhcp === true)
  const ready = clients.map(({ name, wan }) => {
    const address = bare(wan.address)
    const server = spawn([
      'dnsmasq',
      ...['--keep-in-foreground', '--log-facility=-', '--conf-file=/dev/null', '--pid-file='],
      ...['--port=0', `--interface=${name}`, '--bind-dynamic', '--leasefile-ro', '--user=root'],
      // There is nobody else there who could have the address.
      '--no-ping',
      `--dhcp-range=${address},${address},${netmask},${leaseSeconds}`,
      `--dhcp-option=option:router,${bare(wan.gateway)}`,
    ])
    return server.line((line) => line.includes('DHCP, IP range'), startTimeoutMs)
  })
  await Promise.all(ready)
}
