/** Asks the local API of an instance: HTTP over its unix socket, bounded in time and size. */
import { access, readdir } from 'node:fs/promises'
import { type ClientRequest, type OutgoingHttpHeaders, request } from 'node:http'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { CausewayError, type ErrorBody, errorTable } from '../../model/errors.ts'

const usualTimeoutMs = 5_000
/** The gateway says something at least every ten seconds. */
const silentMs = 30_000
/** Of instances that are named beside one that is not there. */
const mostNamed = 8
const answerMaxBytes = 16 * 1024 * 1024

export interface Asking {
  /** Sent as JSON by POST; without it, GET. */
  readonly post?: object
  /** Sent as it is, by POST. */
  readonly file?: SentFile
  readonly timeoutMs?: number
  /** Statuses besides 200 whose body is an answer and no error. */
  readonly answers?: readonly number[]
}

/** Read as it is taken: it may be larger than the memory. */
export interface SentFile {
  readonly bytes: number
  readonly open: () => Readable
}

/** @returns the body. @throws API_UNREACHABLE, API_TIMEOUT, or the error that the API answered with */
export async function askApi(
  socketPath: string,
  path: string,
  asking: Asking = {},
): Promise<string> {
  return (await fetchApi(socketPath, path, asking)).toString('utf8')
}

/** The same for what is no text. */
export function fetchApi(socketPath: string, path: string, asking: Asking = {}): Promise<Buffer> {
  const { post, file, timeoutMs = usualTimeoutMs, answers = [] } = asking
  return new Promise((resolve, reject) => {
    let isAnswered = false
    const fail = (error: Error): void => {
      if (!isAnswered) resolve(failed(socketPath, error))
    }
    const asked = request({ socketPath, path, ...formOf(asking), agent: false }, (response) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (length > answerMaxBytes) {
          asked.destroy(new CausewayError('API_TOO_LARGE', 'the answer is too long'))
        }
      })
      response.on('error', fail)
      response.on('end', () => {
        isAnswered = true
        const body = Buffer.concat(chunks)
        const status = response.statusCode ?? 0
        if (status === 200 || answers.includes(status)) resolve(body)
        else reject(answeredError(body.toString('utf8')))
        // Of a file that was refused, the rest is not wanted.
        asked.destroy()
      })
    })
    const late = new CausewayError('API_TIMEOUT', `no answer within ${timeoutMs} ms`)
    const timer = setTimeout(() => asked.destroy(late), timeoutMs)
    asked.on('close', () => clearTimeout(timer))
    asked.on('error', fail)
    if (file === undefined) asked.end(post === undefined ? undefined : JSON.stringify(post))
    else sendFile(file, asked)
  })
}

function formOf({ post, file }: Asking): {
  readonly method: string
  readonly headers: OutgoingHttpHeaders
} {
  if (file !== undefined) {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': file.bytes }
    // Who refuses it before it is there would else close, and the answer be lost in what is still written.
    return { method: 'POST', headers: { ...headers, connection: 'keep-alive' } }
  }
  if (post === undefined) return { method: 'GET', headers: {} }
  return { method: 'POST', headers: { 'content-type': 'application/json' } }
}

function sendFile({ open }: SentFile, asked: ClientRequest): void {
  const stream = open()
  stream.on('error', (error) => asked.destroy(error))
  asked.on('close', () => stream.destroy())
  stream.pipe(asked)
}

/**
 * Follows server-sent events: hands over each one's data. Returns when the gateway ends the stream.
 * @throws API_UNREACHABLE, API_TIMEOUT when it says nothing for a while, or the error that the API answered with
 */
export function followApi(
  socketPath: string,
  path: string,
  onData: (data: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let hasBegun = false
    const asked = request({ socketPath, path, agent: false, timeout: silentMs }, (response) => {
      hasBegun = true
      response.setEncoding('utf8')
      let waiting = ''
      response.on('data', (chunk: string) => {
        waiting += chunk
        if (waiting.length > answerMaxBytes) asked.destroy()
        if (response.statusCode !== 200) return
        const lines = waiting.split('\n')
        waiting = lines.pop()!
        for (const line of lines) if (line.startsWith('data: ')) onData(line.slice(6))
      })
      response.on('error', () => resolve())
      response.on('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(answeredError(waiting))
      })
    })
    asked.on('timeout', () =>
      asked.destroy(new CausewayError('API_TIMEOUT', `nothing was heard for ${silentMs} ms`)),
    )
    asked.on('error', (error) => {
      if (error instanceof CausewayError) reject(error)
      else if (hasBegun) resolve()
      else resolve(failed(socketPath, error))
    })
    asked.end()
  })
}

/** @throws always, and says what to do next, as far as the system's answer tells */
async function failed(socketPath: string, error: NodeJS.ErrnoException): Promise<never> {
  if (error instanceof CausewayError) throw error
  throw new CausewayError('API_UNREACHABLE', await unreachableText(socketPath, error))
}

async function unreachableText(
  socketPath: string,
  { code, message }: NodeJS.ErrnoException,
): Promise<string> {
  const folder = dirname(socketPath)
  const name = basename(folder)
  const start = 'start it: systemctl start causeway-gateway'
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `may not open ${socketPath}: needs root`
    case 'ENOENT': {
      const others = await instancesIn(dirname(folder), basename(socketPath))
      const instead = others.length === 0 ? start : `running (--instance): ${others.join(', ')}`
      return `no gateway '${name}' runs here; ${instead}`
    }
    case 'ECONNREFUSED':
      return `gateway '${name}' has ended; ${start}`
    default:
      return `no gateway answers on ${socketPath} (${message})`
  }
}

/** Those that have a socket; empty where nobody may look. */
async function instancesIn(folder: string, socketName: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).toSorted()
  const found: string[] = []
  for (const name of names) {
    if (found.length === mostNamed) return [...found, '…']
    const isThere = await access(join(folder, name, socketName)).then(
      () => true,
      () => false,
    )
    if (isThere) found.push(name)
  }
  return found
}

function answeredError(text: string): CausewayError {
  try {
    const { code, message, ...more } = JSON.parse(text) as ErrorBody
    if (code in errorTable) return new CausewayError(code, message, more)
  } catch {
    // Not one of our gateways; what it said is no use.
  }
  return new CausewayError('API_INTERNAL', 'the gateway answered in an unknown form')
}
