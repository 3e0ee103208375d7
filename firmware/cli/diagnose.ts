/** `causeway capture …` and `causeway bundle FILE`: thin clients of the local API, whose files they keep. */
import { askApi, fetchApi } from '../host/system/api-client.ts'
import { saveFile } from '../host/system/file.ts'
import {
  type CaptureAnswer,
  type CaptureRequest,
  type CapturesAnswer,
  captureLimits,
} from '../model/local-api-capture.ts'
import { type Call, type ExitCode, exitCode, Misuse, meantText } from './call.ts'
import { bytesText } from './table.ts'

const lookMs = 300
const bundleMs = 70_000
const places = ['uplink', 'lan', 'segment'] as const
const words = [
  'seconds',
  'host',
  'with',
  'net',
  'port',
  'full',
  'tcp',
  'udp',
  'icmp',
  'arp',
] as const
const protocols = ['tcp', 'udp', 'icmp', 'arp'] as const

interface Typed {
  readonly request: CaptureRequest
  readonly file: string
  readonly isFull: boolean
}

/** Waits until it is over, and keeps the file. */
export async function capture(call: Call): Promise<ExitCode> {
  const { request, file, isFull } = readCapture(call.words.slice(1))
  const path = `/api/v1/capture${isFull ? '/full' : ''}`
  const socket = call.places.apiSocket
  let standing = JSON.parse(await askApi(socket, path, { post: request })) as CaptureAnswer
  while (!standing.isDone) {
    await new Promise((next) => setTimeout(next, lookMs))
    const all = JSON.parse(await askApi(socket, '/api/v1/capture')) as CapturesAnswer
    standing = all.captures.find(({ id }) => id === standing.id) ?? { ...standing, isDone: true }
  }
  await saveFile(file, await fetchApi(socket, `/api/v1/capture/${standing.id}/file`))
  const { packets, bytes, sentence } = standing
  const note = sentence === null ? '' : `${sentence}\n`
  const told = `${packets} packets, ${bytesText(bytes)}: ${file}\n${note}`
  call.output.out(call.isJson ? `${JSON.stringify({ ...standing, file })}\n` : told)
  return packets > 0 ? exitCode.done : exitCode.failed
}

export async function bundle(call: Call): Promise<ExitCode> {
  const [, file, ...rest] = call.words
  if (file === undefined || rest.length > 0) throw new Misuse('bundle takes one FILE')
  const asking = { timeoutMs: bundleMs }
  const bytes = await fetchApi(call.places.apiSocket, '/api/v1/bundle', asking)
  await saveFile(file, bytes)
  const told = `${bytesText(bytes.length)}: ${file}\n`
  call.output.out(call.isJson ? `${JSON.stringify({ file, bytes: bytes.length })}\n` : told)
  return exitCode.done
}

/** `lan lan0 FILE seconds 20 host 10.1.0.10 port 443 tcp` @throws Misuse */
export function readCapture([kind = '', name, file, ...rest]: readonly string[]): Typed {
  const place = places.find((one) => one === kind)
  if (place === undefined) {
    throw new Misuse(`capture takes uplink, lan or segment first${meantText(kind, places)}`)
  }
  if (name === undefined || file === undefined) throw new Misuse('capture takes a NAME and a FILE')
  const filter: Record<string, string | number> = {}
  let seconds: number | undefined
  let isFull = false
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at]!
    const protocol = protocols.find((one) => one === word)
    if (protocol !== undefined) filter.protocol = protocol
    else if (word === 'full') isFull = true
    else if (word === 'seconds') seconds = numberAt(rest, ++at, captureLimits.seconds)
    else if (word === 'port') filter.port = numberAt(rest, ++at, 65_535)
    else if (word === 'host' || word === 'with' || word === 'net') {
      filter[word === 'with' ? 'otherHost' : word] = valueAt(rest, ++at)
    } else throw new Misuse(`capture knows no '${word}'${meantText(word, words)}`)
  }
  const request = {
    [place]: name,
    ...(Object.keys(filter).length === 0 ? {} : { filter }),
    ...(seconds === undefined ? {} : { seconds }),
  }
  return { request, file, isFull }
}

function valueAt(rest: readonly string[], at: number): string {
  const value = rest[at]
  if (value === undefined) throw new Misuse(`'${rest[at - 1]}' needs a value`)
  return value
}

function numberAt(rest: readonly string[], at: number, most: number): number {
  const text = valueAt(rest, at)
  const number = Number(text)
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= most) return number
  throw new Misuse(`'${rest[at - 1]}' takes 1 to ${most}`)
}
