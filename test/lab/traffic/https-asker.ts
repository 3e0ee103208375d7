/**
 * Asks a box by HTTPS what it is told to ask: a question a line on standard input, an answer a line, as JSON (asker.ts has both forms).
 * One connection of each address that it asks from is kept for all that do not want their own. A connection that is kept may end just
 * as it is used again: as browsers do, what changes nothing is then asked once more (RFC 9112 §9.3.1).
 *   node https-asker.ts ADDRESS
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, type AgentOptions, request } from 'node:https'
import { createInterface } from 'node:readline'
import type { Answer, Question } from '../asker.ts'

const [host] = process.argv.slice(2)
const timeoutMs = 30_000
const shownBytes = 256 * 1024
/** What follows events never ends: its head is the answer. */
const endless = /^text\/event-stream/
const kept = new Map<string, Agent>()

function keptOf(from: string): Agent {
  const agent = kept.get(from) ?? agentOf(from, { keepAlive: true, maxSockets: 1 })
  kept.set(from, agent)
  return agent
}

/** @param from empty: whichever */
function agentOf(from: string, options: AgentOptions = {}): Agent {
  const own = from === '' ? {} : { localAddress: from }
  return new Agent({ rejectUnauthorized: false, ...own, ...options })
}

function ask(whole: Question & { id: number }, beganMs = performance.now()): void {
  const { id, isAlone, isUnfinished, silenceMs = timeoutMs, from = '', ...question } = whole
  const { method = 'GET', path, headers = {}, body } = question
  let isTold = false
  const tell = (answer: Omit<Answer, 'ms'>): void => {
    clearTimeout(silence)
    if (isTold) return
    isTold = true
    console.log(JSON.stringify({ id, ...answer, ms: performance.now() - beganMs }))
  }
  const fail = (body: string): void => tell({ status: null, headers: {}, body, bytes: 0 })
  const agent = isAlone === true ? agentOf(from) : keptOf(from)
  const asked: ClientRequest = request({ host, method, path, headers, agent }, (response) =>
    read(response, asked, isUnfinished === true, tell),
  )
  // The request's own begins once there is a connection: of a box that has just gone, the kernel says so after minutes.
  const silence = setTimeout(() => {
    fail(`nothing was heard in ${silenceMs} ms`)
    asked.destroy()
  }, silenceMs)
  asked.on('response', (response) => response.on('data', () => silence.refresh()))
  asked.on('error', ({ message }) => {
    const isLost = asked.reusedSocket && !isTold
    if (!isLost || method !== 'GET' || isUnfinished === true) fail(message)
    else {
      // Of the first asking nothing is told any more.
      isTold = true
      clearTimeout(silence)
      const leftMs = Math.max(1, silenceMs - (performance.now() - beganMs))
      ask({ ...whole, isAlone: true, silenceMs: leftMs }, beganMs)
    }
  })
  if (isUnfinished === true) asked.flushHeaders()
  else asked.end(body)
}

function read(
  response: IncomingMessage,
  asked: ClientRequest,
  isUnfinished: boolean,
  tell: (answer: Omit<Answer, 'ms'>) => void,
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  const end = (): void => {
    const { statusCode = null } = response
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
    )
    const body = Buffer.concat(chunks).toString('utf8')
    tell({ status: statusCode, headers, body, bytes })
    if (isUnfinished) asked.destroy()
  }
  if (endless.test(response.headers['content-type'] ?? '')) {
    end()
    asked.destroy()
    return
  }
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= shownBytes) chunks.push(chunk)
  })
  response.on('end', end)
  response.on('error', end)
}

createInterface({ input: process.stdin }).on('line', (line) => ask(JSON.parse(line)))
console.log('{"event":"ready"}')
