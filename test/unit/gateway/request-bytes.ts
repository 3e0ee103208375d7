/** Asks a socket for what is no text. */
import { request } from 'node:http'

export interface SaidBytes {
  readonly status: number
  readonly type: string
  readonly bytes: Buffer
}

export function requestBytes(socketPath: string, path: string): Promise<SaidBytes> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          bytes: Buffer.concat(chunks),
        }),
      )
    })
    asked.on('error', reject)
    asked.end()
  })
}
