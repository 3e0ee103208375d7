/**
 * The DHCP servers of those access networks whose boxes have a client there, in the internet or in the router that
 * hides them: dnsmasq, one lease a link. RFC 2131.
 */
import { bare, type SiteDescription } from './description.ts'
import { routerOf } from './names.ts'
import type { Program } from './program.ts'

const netmasks: Readonly<Record<string, string>> = { 24: '255.255.255.0', 30: '255.255.255.252' }
const startTimeoutMs = 5_000

/**
 * Starts one server for each uplink that wants it.
 * @param spawn starts a program in the internet, or in a router
 * @param hints options that they lend besides
 */
export async function startDhcpServers(
  sites: readonly SiteDescription[],
  spawn: (where: string, argv: readonly string[]) => Program,
  hints: readonly string[] = [],
  leaseSeconds = 120,
): Promise<void> {
  const clients = sites.flatMap(({ wans }) => wans.filter(({ isDhcp }) => isDhcp === true))
  const ready = clients.map((wan) => {
    const [address, length] = wan.address.split('/') as [string, string]
    const [where, nic] = wan.nat === undefined ? ['internet', wan.link] : [routerOf(wan), 'lan']
    const server = spawn(where, [
      'dnsmasq',
      ...['--keep-in-foreground', '--log-facility=-', '--conf-file=/dev/null', '--pid-file='],
      ...['--port=0', `--interface=${nic}`, '--bind-dynamic', '--leasefile-ro', '--user=root'],
      // There is nobody else there who could have the address.
      '--no-ping',
      `--dhcp-range=${address},${address},${netmasks[length]},${leaseSeconds}`,
      `--dhcp-option=option:router,${bare(wan.gateway)}`,
      ...hints,
    ])
    return server.line((line) => line.includes('DHCP, IP range'), startTimeoutMs)
  })
  await Promise.all(ready)
}
