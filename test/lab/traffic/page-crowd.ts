/**
 * As many open pages of a box as wanted, as the browser's part of them looks from the box: each asks what a page asks when it opens,
 * follows the events, and reads the status now and then. A source of addresses, cookies of sessions and how many pages on standard input:
 *   {"box","pages","from":[ADDRESS],"cookies":[COOKIE]}
 * Says {"event":"open","pages","failed"} once all that could be opened are; at each further line {"event":"report","live","events"}.
 *   node page-crowd.ts
 */
import { Agent, type RequestOptions, request } from 'node:https'
import { createInterface } from 'node:readline'

interface Order {
  readonly box: string
  readonly pages: number
  readonly from: readonly string[]
  readonly cookies: readonly string[]
}

const first = ['session', 'status', 'paths', 'events/recent', 'history/uplinks/wan0/minutes']
const statusMs = 15_000
const timeoutMs = 20_000
/** The box takes some connections a second of a source, and a stock of them at once. */
const apartMs = 50
let live = 0
let events = 0

async function openPage({ box, from, cookies }: Order, number: number): Promise<boolean> {
  const localAddress = from[number % from.length]!
  const cookie = cookies[number % cookies.length]!
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 1,
    rejectUnauthorized: false,
    localAddress,
  })
  const common = { host: box, headers: { cookie }, agent }
  for (const path of first) await read({ ...common, path: `/api/v1/${path}` })
  const stream = new Agent({ rejectUnauthorized: false, localAddress })
  const isOpen = await follow({ ...common, agent: stream, path: '/api/v1/events' })
  setInterval(() => void read({ ...common, path: '/api/v1/status' }), statusMs)
  return isOpen
}

function read(options: RequestOptions): Promise<void> {
  return new Promise((resolve) => {
    const asked = request(options, (response) => {
      response.resume()
      response.on('close', () => resolve())
    })
    asked.setTimeout(timeoutMs, () => asked.destroy())
    asked.on('error', () => resolve())
    asked.end()
  })
}

/** @returns whether its first event came */
function follow(options: RequestOptions): Promise<boolean> {
  return new Promise((resolve) => {
    let hasBegun = false
    const asked = request(options, (response) => {
      if (response.statusCode !== 200) resolve(false)
      response.on('data', (chunk: Buffer) => {
        events += chunk.toString('utf8').split('event: ').length - 1
        if (hasBegun) return
        hasBegun = true
        live++
        resolve(true)
      })
      response.on('close', () => {
        if (hasBegun) live--
      })
    })
    asked.on('error', () => resolve(false))
    asked.end()
  })
}

let isBegun = false
createInterface({ input: process.stdin }).on('line', async (line) => {
  if (isBegun) {
    console.log(JSON.stringify({ event: 'report', live, events }))
    return
  }
  isBegun = true
  const order = JSON.parse(line) as Order
  const opening: Promise<boolean>[] = []
  for (let number = 0; number < order.pages; number++) {
    opening.push(openPage(order, number))
    await new Promise((next) => setTimeout(next, apartMs))
  }
  const failed = (await Promise.all(opening)).filter((isOpen) => !isOpen).length
  console.log(JSON.stringify({ event: 'open', pages: order.pages, failed }))
})
