/**
 * What the bench compares: ways to carry traffic between the LANs of a lab's sites. Each turns a fresh lab
 * into one whose hosts reach each other, and names the processes whose CPU time counts as the gateways'.
 */
import { generateKeyPairSync } from 'node:crypto'
import { rmdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { bare, type SiteDescription } from '../lab/description.ts'
import type { Lab } from '../lab/lab.ts'
import type { NicGro } from '../lab/links.ts'
import { ip, setSysctls } from '../lab/network.ts'

export interface Carrier {
  readonly name: string
  readonly nicGro: NicGro
  /** @returns pids of the gateways' processes; empty where the kernel does it all */
  readonly start: (lab: Lab) => Promise<number[]>
}

const wireguardPort = 51820
/** WireGuard's own choice for a 1500 byte underlay that might be IPv6. */
const wireguardMtu = 1420
const startTimeoutMs = 10_000

/** The kernel routes; nothing is encrypted. What the machine could do without a gateway's work. */
export const plainRouting: Carrier = {
  name: 'plain routing',
  nicGro: 'off',
  start: async (lab) => {
    await Promise.all(lab.sites.map((site) => setUpKernelBox(lab, site)))
    const routes = lab.sites.map(
      ({ lan, wan }) => `route add ${lan.prefix} via ${bare(wan.address)}`,
    )
    await ip(lab.names.internet, routes)
    await Promise.all(
      lab.sites.map(({ name, wan }) =>
        ip(lab.names.box(name), [`route add default via ${bare(wan.gateway)}`]),
      ),
    )
    return []
  },
}

export const causeway: Carrier = {
  name: 'causeway',
  // Its host set-up turns GRO on, as on any box.
  nicGro: 'own',
  start: async (lab) => {
    await lab.start()
    return [...lab.processes.values()].flatMap(({ gateway, datapath }) => [
      gateway.pid,
      datapath.pid,
    ])
  },
}

/** Debian 13's, the one that ratios are taken to. */
export const rival = 'wireguard-go 2023'

/** A wireguard-go binary at every site, full mesh, on NICs as the machine has them or with GRO turned on for it. */
export function wireguardGo(name: string, binary: string, nicGro: NicGro = 'off'): Carrier {
  return {
    name,
    nicGro,
    start: async (lab) => {
      const keys = new Map(lab.sites.map((site) => [site.name, makeKey()]))
      return Promise.all(lab.sites.map((site) => startWireguard(lab, site, binary, keys)))
    },
  }
}

interface HexKey {
  readonly secret: string
  readonly public: string
}

async function startWireguard(
  lab: Lab,
  site: SiteDescription,
  binary: string,
  keys: ReadonlyMap<string, HexKey>,
): Promise<number> {
  const box = lab.names.box(site.name)
  // wireguard-go's control sockets share one folder, so that the interface's name must be unique.
  const tunnel = `wg${lab.id}${site.name}`.slice(0, 15)
  const socket = `/var/run/wireguard/${tunnel}.sock`
  await setUpKernelBox(lab, site)
  const program = lab.spawn(site.name, [binary, '--foreground', tunnel], {
    env: { LOG_LEVEL: 'verbose', WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD: '1' },
  })
  void program.exited.then(() => removeSocket(socket))
  await program.line((line) => line.includes('UAPI listener started'), startTimeoutMs)
  const others = lab.sites.filter(({ name }) => name !== site.name)
  await configure(socket, [
    `private_key=${keys.get(site.name)!.secret}`,
    `listen_port=${wireguardPort}`,
    ...others.flatMap(({ name, lan, wan }) => [
      `public_key=${keys.get(name)!.public}`,
      `endpoint=${bare(wan.address)}:${wireguardPort}`,
      `allowed_ip=${lan.prefix}`,
    ]),
  ])
  await ip(box, [
    `route add default via ${bare(site.wan.gateway)}`,
    `link set ${tunnel} mtu ${wireguardMtu} up`,
    ...others.map(({ lan }) => `route add ${lan.prefix} dev ${tunnel}`),
  ])
  return program.pid
}

async function setUpKernelBox(lab: Lab, { name, lan, wan }: SiteDescription): Promise<void> {
  const box = lab.names.box(name)
  await setSysctls(box, { 'ipv4/ip_forward': 1 })
  await ip(box, [
    `address add ${lan.address} dev ${lan.nic}`,
    `address add ${wan.address} dev ${wan.nic}`,
  ])
}

/** WireGuard's cross-platform userspace protocol: wireguard.com/xplatform. */
async function configure(socket: string, lines: readonly string[]): Promise<void> {
  const answer = await new Promise<string>((resolve, reject) => {
    const connection = connect(socket)
    let text = ''
    connection.setTimeout(startTimeoutMs, () => connection.destroy(new Error('no answer')))
    connection.on('error', reject)
    connection.on('data', (chunk) => {
      text += chunk
      if (text.endsWith('\n\n')) connection.end(() => resolve(text))
    })
    connection.write(`set=1\n${lines.join('\n')}\n\n`)
  })
  if (!answer.includes('errno=0')) throw new Error(`wireguard-go refused its set-up: ${answer}`)
}

function removeSocket(socket: string): void {
  rmSync(socket, { force: true })
  try {
    rmdirSync('/var/run/wireguard')
  } catch {
    // Another tunnel is still using the folder.
  }
}

function makeKey(): HexKey {
  const { privateKey } = generateKeyPairSync('x25519')
  const { d, x } = privateKey.export({ format: 'jwk' }) as { d: string; x: string }
  const hex = (text: string): string => Buffer.from(text, 'base64url').toString('hex')
  return { secret: hex(d), public: hex(x) }
}
