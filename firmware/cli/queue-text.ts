/** What the CLI says of uplinks and segments that are kept to a rate: who waits, and how long. Pure: text out of the local API's answers. */
import type { SegmentStatus, UplinkStatus } from '../model/local-api.ts'
import type { IngressQueue, LimitQueue, QueuedClass } from '../model/local-api-queue.ts'
import { bitsText, bytesText, table } from './table.ts'

/** '' where none of them is. */
export function queueText(
  uplinks: readonly Pick<UplinkStatus, 'name' | 'queue' | 'ingress'>[],
  segments: readonly SegmentStatus[],
): string {
  const rows = [
    ...uplinks.flatMap(({ name, queue, ingress }) => [
      ...classRows(name, queue),
      ...ingressRows(`${name} ingress`, ingress),
    ]),
    ...segments.flatMap(({ name, up, down }) => [
      ...classRows(`${name} up`, up),
      ...classRows(`${name} down`, down),
    ]),
  ]
  return table(
    ['QUEUE OF', 'RATE', 'CLASS', 'SENT', 'DROPPED', 'MARKED', 'WAITING', 'DELAY P95'],
    rows,
  )
}

function classRows(name: string, queue: LimitQueue | null): string[][] {
  if (queue === null) return []
  const shown = queue.classes.filter(({ offeredPackets }) => offeredPackets > 0)
  const first = [name, bitsText(queue.rateBitsPerSecond)]
  if (shown.length === 0) return [[...first, '–', '–', '–', '–', '–', '–']]
  return shown.map((one, at) => [...(at === 0 ? first : ['', '']), one.class, ...figureCells(one)])
}

function ingressRows(name: string, queue: IngressQueue | null): string[][] {
  return queue === null
    ? []
    : [[name, bitsText(queue.rateBitsPerSecond), '–', ...figureCells(queue)]]
}

function figureCells(queue: Omit<QueuedClass, 'class'>): string[] {
  const { sentPackets, droppedByDelay, droppedByFull, markedPackets, waitingBytes, delay } = queue
  return [
    String(sentPackets),
    countText(droppedByDelay + droppedByFull),
    countText(markedPackets),
    waitingBytes === 0 ? '–' : bytesText(waitingBytes),
    delay === null ? '–' : delayText(delay.p95Seconds),
  ]
}

function countText(count: number): string {
  return count === 0 ? '–' : String(count)
}

/** `0.3 ms`, `120 ms` */
export function delayText(seconds: number): string {
  const ms = seconds * 1000
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
}
