/** Asks the local API of an instance: HTTP over its unix socket, bounded in time and size. */
import { request } from 'node:http'
import { CausewayError, type ErrorBody, errorTable } from '../../model/errors.ts'

const usualTimeoutMs = 5_000
/** The gateway says something at least every ten seconds. */
const silentMs = 30_000
const answerMaxBytes = 16 * 1024 * 1024

export interface Asking {
  /** Sent as JSON by POST; without it, GET. */
  readonly post?: object
  readonly timeoutMs?: number
  /** Statuses besides 200 whose body is an answer and no error. */
  readonly answers?: readonly number[]
}

/** @returns the body. @throws API_UNREACHABLE, API_TIMEOUT, or the error that the API answered with */
export function askApi(socketPath: string, path: string, asking: Asking = {}): Promise<string> {
  const { post, timeoutMs = usualTimeoutMs, answers = [] } = asking
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(unreachable(socketPath, error))
    const method = post === undefined ? 'GET' : 'POST'
    const headers = post === undefined ? {} : { 'content-type': 'application/json' }
    const asked = request({ socketPath, path, method, headers, agent: false }, (response) => {
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
        const text = Buffer.concat(chunks).toString('utf8')
        const status = response.statusCode ?? 0
        if (status === 200 || answers.includes(status)) resolve(text)
        else reject(answeredError(text))
      })
    })
    const late = new CausewayError('API_TIMEOUT', `no answer within ${timeoutMs} ms`)
    const timer = setTimeout(() => asked.destroy(late), timeoutMs)
    asked.on('close', () => clearTimeout(timer))
    asked.on('error', fail)
    asked.end(post === undefined ? undefined : JSON.stringify(post))
  })
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
      else reject(unreachable(socketPath, error))
    })
    asked.end()
  })
}

function unreachable(socketPath: string, error: Error): CausewayError {
  if (error instanceof CausewayError) return error
  const detail = error.message
  return new CausewayError('API_UNREACHABLE', `no gateway answers on ${socketPath}`, { detail })
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
