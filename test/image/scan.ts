/**
 * Which ports of a box answer, as nmap sees them, and which may: image/ports.txt declares those of each zone, and no others may be open.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from '../lab/lab.ts'

export const zones = ['wan', 'lan'] as const
export type Zone = (typeof zones)[number]
export type Protocol = 'tcp' | 'udp'

/** A port that may be reached. */
export interface Declared {
  readonly zone: Zone
  readonly protocol: Protocol
  readonly port: number
  /** It answers a scan; what is sealed says nothing to strangers. */
  readonly answers: boolean
  readonly what: string
}

const file = join(import.meta.dirname, '../../image/ports.txt')
const scanMs = 45 * 60_000

/** Lines `ZONE PROTOCOL PORT answers|silent WHAT`. @throws on any other */
export function parseDeclared(text: string): Declared[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, zone, protocol, port, how, what] =
        /^(wan|lan) +(tcp|udp) +(\d{1,5}) +(answers|silent) +(.+)$/.exec(line) ?? []
      if (what === undefined) throw new Error(`no line of a list of ports: '${line}'`)
      return {
        ...{ zone: zone as Zone, protocol: protocol as Protocol, port: Number(port) },
        ...{ answers: how === 'answers', what },
      }
    })
}

export function declaredPorts(): readonly Declared[] {
  return parseDeclared(readFileSync(file, 'utf8'))
}

/** What nmap says of a port, without those that it says nothing of. */
export interface Seen {
  readonly protocol: Protocol
  readonly port: number
  readonly state: string
}

/** `-oG -`: `Ports: 53/open/tcp//domain///, …`. Pure. */
export function parseScan(text: string): Seen[] {
  return [...text.matchAll(/(\d+)\/([a-z|]+)\/(tcp|udp)\//g)].map(([, port, state, protocol]) => ({
    port: Number(port),
    state: state!,
    protocol: protocol as Protocol,
  }))
}

/** Every TCP port. @param where namespace of whoever scans */
export async function scanTcp(lab: Lab, where: string, address: string): Promise<Seen[]> {
  return scan(lab, where, ['-sS', '-p-', '--min-rate', '1500', address])
}

/** Those UDP ports, each asked with what its service would answer to. */
export async function scanUdp(
  lab: Lab,
  where: string,
  address: string,
  ports: readonly number[],
): Promise<Seen[]> {
  return scan(lab, where, ['-sU', '-p', ports.join(','), '--min-rate', '50', address])
}

async function scan(lab: Lab, where: string, argv: readonly string[]): Promise<Seen[]> {
  const quiet = ['-n', '-Pn', '--max-retries', '2', '-oG', '-']
  const text = await lab.exec(where, ['nmap', ...quiet, ...argv], { timeoutMs: scanMs })
  return parseScan(text)
}

/** Where what was seen differs from what is declared: a sentence each. Pure. */
export function differences(
  declared: readonly Declared[],
  zone: Zone,
  protocol: Protocol,
  seen: readonly Seen[],
): string[] {
  const mine = declared.filter((one) => one.zone === zone && one.protocol === protocol)
  const open = seen.filter((one) => one.protocol === protocol && one.state === 'open')
  const undeclared = open
    .filter(({ port }) => !mine.some((one) => one.port === port && one.answers))
    .map(({ port }) => `${zone}: ${protocol} ${port} is open and not declared`)
  const silent = mine
    .filter(({ port, answers }) => answers && !open.some((one) => one.port === port))
    .map(({ port, what }) => `${zone}: ${protocol} ${port} (${what}) does not answer`)
  return [...undeclared, ...silent]
}
