/**
 * Traffic between the hosts of a lab: files over TCP, exchanges and numbered streams over UDP, ping, iperf3.
 * Each is a program of test/lab/traffic (or Debian's) inside the host's namespace; content is always compared.
 */
import { join } from 'node:path'
import { formatEndpoint } from '../../firmware/model/address.ts'
import { CausewayError } from '../../firmware/model/errors.ts'
import { bare, type Family, type LanDescription } from './description.ts'
import type { Lab } from './lab.ts'
import type { Program } from './program.ts'
import { type ContentSpec, sha256Of } from './traffic/content.ts'

export const filePort = 8080
/** For curl, where somebody is about to listen: what is refused is asked again for 20 s. */
export const patiently = [
  ...['--retry', '40', '--retry-connrefused', '--retry-delay', '1', '--retry-max-time', '20'],
]
export const echoPort = 7
const streamPort = 9000
/** A socket buffer holds about 20 ms of small packets at 10,000 a second; so many hold a third of a second. */
const streamPorts = 16
const startTimeoutMs = 10_000
const reachableTimeoutMs = 15_000
const folder = join(import.meta.dirname, 'traffic')

export interface FileSpec extends ContentSpec {
  /** Has the server change a byte, to show that a comparison would see it. */
  readonly isCorrupt?: boolean | undefined
  /** IPv4 unless told. */
  readonly family?: Family
}
export interface Fetched {
  readonly bytes: number
  readonly ms: number
  readonly sha256: string
  readonly isEqual: boolean
}
export interface Exchanged {
  readonly sent: number
  readonly equal: number
  readonly resent: number
}
export interface StreamAccount {
  readonly sent: number
  /** Refused by the sender's own socket. */
  readonly failed: number
  readonly ms: number
  readonly delivered: number
  readonly duplicates: number
  readonly damaged: number
  /** Lost in the receiver's own socket buffers. */
  readonly socketDrops: number
}
export interface Stream {
  readonly ratePps: number
  readonly count: number
  readonly bytes: number
  /** IPv4 unless told. */
  readonly family?: Family
  /** Called once a quarter of it has been sent. */
  readonly onQuarter?: () => void
}

/** A host by its name (`berlin-cameras`), or by its site's: then it is that of the first LAN. */
function hostOf(lab: Lab, host: string): { readonly where: string; readonly lan: LanDescription } {
  for (const { name, lan: first, lans } of lab.sites) {
    const lan = host === name ? first : lans.find(({ place }) => host === `${name}-${place}`)
    if (lan !== undefined) return { where: `${name}-${lan.place}`, lan }
  }
  throw new CausewayError('LAB_INVALID', `there is no host '${host}'`)
}

/** Every host's name. */
export function allHosts(lab: Lab): string[] {
  return lab.sites.flatMap(({ name, lans }) => lans.map(({ place }) => `${name}-${place}`))
}

/** LAN address of a host. */
export function hostAddress(lab: Lab, host: string, family: Family = 4): string {
  const { lan } = hostOf(lab, host)
  const address = family === 4 ? lan.host : lan.v6?.host
  if (address !== undefined) return bare(address)
  throw new CausewayError('LAB_INVALID', `'${host}' has no IPv6 address in this lab`)
}

/** Starts a file server and a UDP echo at hosts: at those of the first LANs, unless others are named. */
export async function startServers(lab: Lab, hosts?: readonly string[]): Promise<void> {
  const places = hosts ?? lab.sites.map(({ name }) => name)
  await Promise.all(
    places.flatMap((host) => [
      listening(startNode(lab, host, 'file-server.ts', [filePort])),
      listening(startNode(lab, host, 'udp-echo.ts', [echoPort])),
    ]),
  )
}

/** Fetches a file from `to` into `from`, and compares its hash with what it must be. */
export async function fetchFile(
  lab: Lab,
  from: string,
  to: string,
  spec: FileSpec,
  timeoutMs = 30_000,
): Promise<Fetched> {
  return fetchUrl(lab, from, fileUrl(lab, to, spec), spec, timeoutMs)
}

/** The same of a file server that is no host of a LAN. */
export async function fetchUrl(
  lab: Lab,
  from: string,
  url: string,
  spec: FileSpec,
  timeoutMs = 30_000,
): Promise<Fetched> {
  const program = startNode(lab, from, 'file-client.ts', [url, timeoutMs])
  const got = await result<Omit<Fetched, 'isEqual'>>(program, 'fetched', timeoutMs + 5_000)
  return { ...got, isEqual: got.bytes === spec.bytes && got.sha256 === sha256Of(spec) }
}

/** Address of a file on a host. */
export function fileUrl(lab: Lab, host: string, spec: FileSpec): string {
  return fileUrlAt(hostAddress(lab, host, spec.family), spec)
}

export function fileUrlAt(address: string, spec: FileSpec): string {
  const query = new URLSearchParams({ seed: String(spec.seed), bytes: String(spec.bytes) })
  if (spec.canary !== undefined) query.set('canary', spec.canary)
  if (spec.isCorrupt === true) query.set('corrupt', '1')
  return `http://${formatEndpoint({ address, port: filePort })}/file?${query}`
}

/** Exchanges `count` datagrams of 8 to `maxBytes` bytes with the echo at `to`. */
export async function exchangeDatagrams(
  lab: Lab,
  from: string,
  to: string,
  {
    count,
    maxBytes,
    family,
  }: { readonly count: number; readonly maxBytes: number; readonly family?: Family },
): Promise<Exchanged> {
  const args = [hostAddress(lab, to, family), echoPort, count, maxBytes]
  return result(startNode(lab, from, 'udp-exchange.ts', args), 'exchanged', 60_000)
}

/** Sends a numbered stream and accounts for every datagram. Waits for stragglers until none arrives any more. */
export async function sendStream(
  lab: Lab,
  from: string,
  to: string,
  { ratePps, count, bytes, family, onQuarter }: Stream,
): Promise<StreamAccount> {
  await using sink = startNode(lab, to, 'udp-sink.ts', [streamPort, streamPorts, count])
  await listening(sink)
  const address = hostAddress(lab, to, family)
  const args = [address, streamPort, streamPorts, ratePps, count, bytes]
  const source = startNode(lab, from, 'udp-source.ts', args)
  source.onLine((line) => {
    if (line === '{"event":"quarter"}') onQuarter?.()
  })
  const durationMs = (count / ratePps) * 1000
  const sent = await result<Pick<StreamAccount, 'sent' | 'failed' | 'ms'>>(
    source,
    'sent',
    durationMs * 2 + 30_000,
  )
  const received = await settled(sink, sent.sent)
  return { ...sent, ...received }
}

/** Waits for the first answered ping: sessions come up with the first packets. @throws LAB_TIMEOUT */
export async function awaitReachable(
  lab: Lab,
  from: string,
  to: string,
  family: Family = 4,
  timeoutMs = reachableTimeoutMs,
): Promise<void> {
  // With `-w` it goes on until one is answered, or until somebody says "unreachable".
  const argv = ['ping', '-n', '-c', '1', '-i', '0.1', '-w', '5', hostAddress(lab, to, family)]
  const { where } = hostOf(lab, from)
  const deadlineMs = performance.now() + timeoutMs
  while (performance.now() < deadlineMs) {
    if ((await lab.attempt(where, argv)).code === 0) return
    await new Promise((next) => setTimeout(next, 100))
  }
  throw new CausewayError('LAB_TIMEOUT', `${to} does not answer ${from}`)
}

/** Round trips of `count` pings, in ms; lost ones are missing. */
export async function ping(
  lab: Lab,
  from: string,
  to: string,
  {
    count,
    intervalMs,
    family,
  }: { readonly count: number; readonly intervalMs: number; readonly family?: Family },
): Promise<number[]> {
  const interval = (intervalMs / 1000).toFixed(3)
  const address = hostAddress(lab, to, family)
  const argv = ['ping', '-n', '-c', String(count), '-i', interval, '-W', '2', address]
  const timeoutMs = count * intervalMs * 2 + 20_000
  const { stdout } = await lab.attempt(hostOf(lab, from).where, argv, { timeoutMs })
  return [...stdout.matchAll(/ time=([\d.]+) ms/g)].map((match) => Number(match[1]))
}

/** Starts one of the programs of test/lab/traffic at a host, or in the internet. */
export function startNode(
  lab: Lab,
  host: string,
  file: string,
  args: readonly (string | number)[],
): Program {
  const argv = [process.execPath, join(folder, file), ...args.map(String)]
  const where = host === 'internet' ? host : hostOf(lab, host).where
  return lab.spawn(where, argv, { title: `${file} at ${host}` })
}

async function listening(program: Program): Promise<void> {
  await program.line((line) => line.includes('"listening"'), startTimeoutMs)
}

/** The JSON line of an event that the program ends with. @throws LAB_PROGRAM when it reports a failure */
async function result<Result>(program: Program, event: string, timeoutMs: number): Promise<Result> {
  const ending = (line: string): boolean =>
    /^\{"event":"(fetched|exchanged|sent|failed)"/.test(line)
  const parsed = JSON.parse(await program.line(ending, timeoutMs)) as {
    event: string
    message?: string
  }
  if (parsed.event !== event) {
    throw new CausewayError('LAB_PROGRAM', `${program.title}: ${parsed.message}`)
  }
  await program.ended(startTimeoutMs)
  return parsed as Result
}

type Received = Pick<StreamAccount, 'delivered' | 'duplicates' | 'damaged' | 'socketDrops'>

/** Reports of the sink until all has arrived, or until two in a row are the same. */
async function settled(sink: Program, sent: number): Promise<Received> {
  let last: Received | undefined
  for (let round = 0; round < 50; round++) {
    const reports = sink.tail.split('\n').filter((line) => line.includes('"received"')).length
    let passed = 0
    const next = sink.line(
      (line) => line.includes('"received"') && ++passed > reports,
      startTimeoutMs,
    )
    sink.write('report\n')
    const now = JSON.parse(await next) as Received
    if (now.delivered === sent) return now
    if (last !== undefined && last.delivered === now.delivered) return now
    last = now
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  throw new CausewayError('LAB_TIMEOUT', `${sink.title}: datagrams still arrived after 15 s`)
}
