/** The parts of the line `forged`: probes from every host to every other, and a peer that seals what is not its own. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { AclRule } from '../../../firmware/model/device-config.ts'
import { ipBytes } from '../../../firmware/wire/ip.ts'
import type { Family } from '../../lab/description.ts'
import { allHosts, hostAddress, startNode } from '../../lab/hosts.ts'
import type { Lab } from '../../lab/lab.ts'
import type { Program } from '../../lab/program.ts'
import { type AnyConfig, reconfigure } from '../../lab/reconfigure.ts'
import { geneve } from '../../vector/sealed.ts'

export const ports = { plain: 9100, watched: 9101, hushed: 9102 } as const
const families: readonly Family[] = [4, 6]
const forgerPort = 51_820
const startMs = 10_000

/** A way through the matrix, and its name in every datagram. */
export interface Way {
  readonly label: string
  readonly from: string
  readonly to: string
  readonly address: string
  readonly port: number
  /** By the rules of the lab's configuration. */
  readonly isOpen: boolean
}

const segmentOf = (host: string): string => (host.endsWith('-cameras') ? 'cameras' : 'office')

/** Offices may look at cameras, on one port; what they say to each other on another is denied; cameras begin nothing. */
export const rules: AclRule[] = [
  {
    name: 'watch',
    action: 'allow',
    from: { segment: 'office' },
    to: { segment: 'cameras' },
    protocol: 'udp',
    ports: [ports.watched],
  },
  {
    name: 'hush',
    action: 'deny',
    from: { segment: 'office' },
    to: { segment: 'office' },
    protocol: 'udp',
    ports: [ports.hushed],
  },
]

function isOpen(from: string, to: string, port: number): boolean {
  const [whence, whither] = [segmentOf(from), segmentOf(to)]
  if (whence === whither) return !(whence === 'office' && port === ports.hushed)
  return whence === 'office' && port === ports.watched
}

/** Every host to every other, both families, each port. */
export function allWays(lab: Lab): Way[] {
  const hosts = allHosts(lab)
  return hosts.flatMap((from) =>
    hosts
      .filter((to) => to !== from)
      .flatMap((to) =>
        families.flatMap((family) =>
          Object.values(ports).map((port) => ({
            label: `probe ${from}>${to}/${family}/${port}`,
            from,
            to,
            address: hostAddress(lab, to, family),
            port,
            isOpen: isOpen(from, to, port),
          })),
        ),
      ),
  )
}

export interface Report {
  readonly heard: Readonly<Record<string, number>>
  readonly answered: Readonly<Record<string, number>>
}

export class Probes {
  readonly #hosts = new Map<string, Program>()

  async start(lab: Lab): Promise<void> {
    for (const host of allHosts(lab)) {
      const program = startNode(lab, host, 'segment-probe.ts', Object.values(ports))
      this.#hosts.set(host, program)
    }
    await Promise.all(
      [...this.#hosts.values()].map((host) =>
        host.line((line) => line.includes('"listening"'), startMs),
      ),
    )
  }

  /** Each way `count` times, all hosts at once. */
  async send(ways: readonly Way[], count: number, ratePps: number): Promise<void> {
    await Promise.all(
      [...this.#hosts].map(async ([name, host]) => {
        const own = ways.filter(({ from }) => from === name)
        const ms = (own.length * count * 2_000) / ratePps + startMs
        const send = own.map(({ label, address, port }) => ({ label, address, port }))
        await told(host, { send, count, ratePps }, 'sent', ms)
      }),
    )
  }

  async report(): Promise<Report> {
    const reports = await Promise.all(
      [...this.#hosts.values()].map((host) => told(host, { report: true }, 'report', startMs)),
    )
    const heard = Object.assign({}, ...reports.map((report) => report.heard))
    const answered = Object.assign({}, ...reports.map((report) => report.answered))
    return { heard, answered }
  }
}

/** Writes a line, and reads the line of the event that follows it. */
async function told(
  program: Program,
  command: object,
  event: string,
  ms: number,
  // biome-ignore lint/suspicious/noExplicitAny: programs of our own, read by who knows them
): Promise<any> {
  const isIt = (line: string): boolean => line.startsWith(`{"event":"${event}"`)
  const before = program.tail.split('\n').filter(isIt).length
  let passed = 0
  const next = program.line((line) => isIt(line) && ++passed > before, ms)
  program.write(`${JSON.stringify(command)}\n`)
  return JSON.parse(await next)
}

const own = { office4: '10.66.0.5', office6: 'fd00:66::5' }

/** What the forger sends, by kind: [VNI, source, destination] in both families. */
export function forgeries(lab: Lab): Readonly<Record<string, readonly Buffer[]>> {
  const made = (label: string, vni: number, from: readonly string[], to: string): Buffer[] =>
    families.map((family, index) =>
      Buffer.concat([
        geneve(vni, family === 4 ? 0x0800 : 0x86dd),
        udpPacket(from[index]!, hostAddress(lab, to, family), ports.plain, `forged ${label}`),
      ]),
    )
  const [office, cameras] = lab.description.segments.map(({ vni }) => vni) as [number, number]
  const both = (host: string): string[] => families.map((family) => hostAddress(lab, host, family))
  const true_ = [own.office4, own.office6]
  return {
    honest: made('honest', office, true_, 'berlin-host'),
    /** Says that it is forged, and is not: a fault to be seen. */
    disguised: made('disguised', office, true_, 'berlin-host'),
    'foreign VNI': made('foreign VNI', cameras, true_, 'berlin-cameras'),
    'unknown VNI': made('unknown VNI', 999, true_, 'berlin-host'),
    "another site's source": made(
      "another site's source",
      office,
      both('lisbon-host'),
      'berlin-host',
    ),
    "another segment's source": made('segment', cameras, both('lisbon-cameras'), 'berlin-cameras'),
    'the own host as source': made('own host', office, both('berlin-host'), 'berlin-host'),
    'into another segment': made('into', office, true_, 'berlin-cameras'),
  }
}

/**
 * Joins Berlin as a peer of its own, `mallory`, from the internet's end of Berlin's link.
 * @param change what else is another in the configuration that makes it one
 */
export async function startForger(
  lab: Lab,
  change: (config: AnyConfig) => void = () => {},
): Promise<Program> {
  const pair = generateKeyPairSync('x25519')
  const publicKey = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x!, 'base64url')
  const privateKey = Buffer.from(pair.privateKey.export({ format: 'jwk' }).d!, 'base64url')
  const berlin = lab.sites[0]!
  const gateway = berlin.wan.gateway.split('/')[0]!
  await reconfigure(lab, berlin.name, (config: AnyConfig) => {
    config.peers.push({
      name: 'mallory',
      wireKey: publicKey.toString('base64'),
      endpoints: [`${gateway}:${forgerPort + 1}`],
      segments: { office: ['10.66.0.0/24', 'fd00:66::/64'] },
    })
    change(config)
  })
  const instance = lab.names.instance(berlin.name)
  const { tenant } = parse(readFileSync(`/etc/causeway/${instance}/device.yaml`, 'utf8'))
  const pem = readFileSync(`/var/lib/causeway/${instance}/keys/wire.key`, 'utf8')
  const remote = createPrivateKey(pem).export({ format: 'jwk' }).x!
  const file = join(import.meta.dirname, '../../lab/traffic/forger.ts')
  const forger = lab.spawn('internet', [process.execPath, file, String(forgerPort)], {
    title: 'forger',
  })
  const session = forger.line((line) => line.includes('"session"'), 30_000)
  const first = {
    tenant: tenant.replaceAll('-', ''),
    privateKey: privateKey.toString('hex'),
    remoteKey: Buffer.from(remote, 'base64url').toString('hex'),
    address: berlin.wan.address.split('/')[0],
    port: forgerPort,
  }
  forger.write(`${JSON.stringify(first)}\n`)
  await session
  return forger
}

export async function forge(
  forger: Program,
  frames: readonly Buffer[],
  count: number,
  ratePps: number,
  copies = 1,
): Promise<void> {
  const hex = frames.map((frame) => frame.toString('hex'))
  await told(
    forger,
    { frames: hex, count, ratePps, copies },
    'sent',
    (count * 3_000) / ratePps + startMs,
  )
}

/** A whole UDP packet of either family, checksums done. RFC 768, RFC 791, RFC 8200. */
export function udpPacket(source: string, destination: string, port: number, text: string): Buffer {
  const isV6 = source.includes(':')
  const addresses = [source, destination].map((address) => Buffer.from(ipBytes(address)))
  const length = 8 + text.length
  const udp = Buffer.alloc(length)
  udp.writeUInt16BE(40_000, 0)
  udp.writeUInt16BE(port, 2)
  udp.writeUInt16BE(length, 4)
  udp.write(text, 8, 'latin1')
  const [from, to] = isV6 ? addresses : addresses.map((address) => address.subarray(-4))
  const pseudo = Buffer.concat([from!, to!, Buffer.from([0, 17, length >> 8, length & 0xff])])
  udp.writeUInt16BE(checksum(Buffer.concat([pseudo, udp])) || 0xffff, 6)
  const head = Buffer.from(isV6 ? '6000000000001140' : '450000000000400040110000', 'hex')
  head.writeUInt16BE(isV6 ? length : 20 + length, isV6 ? 4 : 2)
  const whole = Buffer.concat([head, from!, to!, udp])
  if (!isV6) whole.writeUInt16BE(checksum(whole.subarray(0, 20)), 10)
  return whole
}

/** RFC 1071; an odd last byte counts as if a zero followed. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
