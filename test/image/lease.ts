/** A host in a LAN as there are millions of: it asks for an address by DHCP, and takes the one that it is lent. */
import { chmodSync, writeFileSync } from 'node:fs'
import type { Lab } from '../lab/lab.ts'
import { ip } from '../lab/network.ts'

export interface Lease {
  /** With prefix length. */
  readonly address: string
  /** Who lent it: the box. */
  readonly router: string
  readonly dns: string
}

/** Until somebody lends one; whatever addresses the host has beside, it keeps. @throws LAB_TIMEOUT */
export async function leaseOf(lab: Lab, host: string, timeoutMs: number): Promise<Lease> {
  const script = `/run/causeway-lab/${lab.id}-lease.sh`
  writeFileSync(script, '#!/bin/sh\n[ "$1" != bound ] || echo "lent $ip/$mask $router $dns"\n')
  chmodSync(script, 0o755)
  const argv = ['udhcpc', '-f', '-q', '-i', 'eth0', '-s', script, '-t', '5', '-T', '1', '-A', '1']
  await using client = lab.spawn(host, argv)
  const line = await client.line((said) => said.startsWith('lent '), timeoutMs, 'a lease')
  const [, address = '', router = '', dns = ''] = line.split(' ')
  await ip(lab.netns(host), [`address replace ${address} dev eth0`])
  return { address, router, dns }
}
