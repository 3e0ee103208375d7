/**
 * Fetches a file over HTTP and prints what it got: {"event":"fetched","bytes","sha256","ms"}, or
 * {"event":"failed","message"}. Whether that is what was asked for is for the caller to compare. With PAUSE_MS
 * it goes on for ever, a line for each fetch; otherwise it fetches once and tells by its exit code.
 *   node file-client.ts URL TIMEOUT_MS [PAUSE_MS]
 */
import { createHash } from 'node:crypto'
import { get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

const [url, timeoutMs, pauseMs] = process.argv.slice(2)

interface Outcome {
  readonly event: 'fetched' | 'failed'
  readonly [field: string]: unknown
}

function fetchOnce(): Promise<Outcome> {
  const startedMs = performance.now()
  const hash = createHash('sha256')
  let bytes = 0
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve({ event: 'failed', message: error.message, bytes })
    const signal = AbortSignal.timeout(Number(timeoutMs))
    get(url!, { agent: false, signal }, (response) => {
      response.on('data', (chunk: Buffer) => {
        hash.update(chunk)
        bytes += chunk.length
      })
      response.on('error', fail)
      response.on('end', () => {
        const ms = performance.now() - startedMs
        resolve({ event: 'fetched', bytes, sha256: hash.digest('hex'), ms })
      })
    }).on('error', fail)
  })
}

for (;;) {
  const outcome = await fetchOnce()
  console.log(JSON.stringify(outcome))
  if (pauseMs === undefined) process.exit(outcome.event === 'fetched' ? 0 : 1)
  await pause(Number(pauseMs))
}
