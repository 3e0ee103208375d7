/** Asks the local API of an instance: HTTP over its unix socket, bounded in time and size. */
import { request } from 'node:http'
import { CausewayError, type ErrorBody, errorTable } from '../../model/errors.ts'

const timeoutMs = 5_000
const answerMaxBytes = 16 * 1024 * 1024

/** @returns the body. @throws API_UNREACHABLE, API_TIMEOUT, or the error that the API answered with */
export function askApi(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const unreachable = (error: Error): void => {
      const detail = error.message
      reject(
        error instanceof CausewayError
          ? error
          : new CausewayError('API_UNREACHABLE', `no gateway answers on ${socketPath}`, { detail }),
      )
    }
    const asked = request({ socketPath, path, agent: false }, (response) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (length > answerMaxBytes) {
          asked.destroy(new CausewayError('API_TOO_LARGE', 'the answer is too long'))
        }
      })
      response.on('error', unreachable)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        if (response.statusCode === 200) resolve(text)
        else reject(answeredError(text))
      })
    })
    const late = new CausewayError('API_TIMEOUT', `no answer within ${timeoutMs} ms`)
    const timer = setTimeout(() => asked.destroy(late), timeoutMs)
    asked.on('close', () => clearTimeout(timer))
    asked.on('error', unreachable)
    asked.end()
  })
}

function answeredError(text: string): CausewayError {
  try {
    const { code, message, path, detail } = JSON.parse(text) as ErrorBody
    if (code in errorTable) {
      return new CausewayError(code, message, {
        ...(path === undefined ? {} : { path }),
        ...(detail === undefined ? {} : { detail }),
      })
    }
  } catch {
    // Not one of our gateways; what it said is no use.
  }
  return new CausewayError('API_INTERNAL', 'the gateway answered in an unknown form')
}
