/**
 * Server-sent events (WHATWG HTML §9.2) to a bounded number of clients. One that reads more slowly than is told is
 * let go: it asks again and begins with how all is. A line of comment now and then shows both ends that it lives.
 */
import type { ServerResponse } from 'node:http'
import type { Asked } from '../../host/api/route.ts'
import { CausewayError } from '../../model/errors.ts'
import type { ApiEvent } from '../../model/local-api-event.ts'
import { sourceOf } from '../access/source.ts'

/** Calls back with every event, the first at once. @returns what ends it */
export type Subscribe = (listener: (event: ApiEvent) => void) => () => void

const mostClients = 64
/** Nobody takes the room of others. */
const mostOfSource = 16
const mostWaitingBytes = 256 * 1024
const heartbeatMs = 10_000

/** @returns what serves one client; it throws API_BUSY when there are too many */
export function openEventStream(
  subscribe: Subscribe,
): (out: ServerResponse, asked: Pick<Asked, 'address' | 'isStillAllowed'>) => void {
  let clients = 0
  /** All clients are told the same, one after the other: it is put into words once. */
  let last: { readonly event: ApiEvent; readonly text: string } | null = null
  const textOf = (event: ApiEvent): string => {
    if (last?.event !== event) {
      last = { event, text: `event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n` }
    }
    return last.text
  }
  const bySource = new Map<string, number>()
  return (out, { address, isStillAllowed }) => {
    // Who left while the door looked them up tells nobody any more that they did.
    if (out.destroyed) return
    const source = sourceOf(address)
    const own = bySource.get(source) ?? 0
    if (clients >= mostClients || own >= mostOfSource) {
      throw new CausewayError('API_BUSY', 'too many clients follow events already')
    }
    clients++
    bySource.set(source, own + 1)
    out.socket?.setTimeout(0)
    out.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const write = (text: string): void => {
      if (out.destroyed) return
      if (out.writableLength > mostWaitingBytes) out.destroy()
      else out.write(text)
    }
    const stop = subscribe((event) => write(textOf(event)))
    const heartbeat = setInterval(() => {
      // Who has signed out meanwhile, or was taken away, sees no more.
      if (isStillAllowed()) write(': here\n\n')
      else out.end()
    }, heartbeatMs)
    out.once('close', () => {
      clients--
      const left = bySource.get(source)! - 1
      if (left > 0) bySource.set(source, left)
      else bySource.delete(source)
      clearInterval(heartbeat)
      stop()
    })
  }
}
