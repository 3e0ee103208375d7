/**
 * Recordings of packets: one at a time, bounded in time and bytes, by Debian's tcpdump, which writes to a pipe; here payloads are
 * cut off and what is left is written as pcapng into memory, to be fetched within minutes. What is sealed stays sealed.
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import type { CaptureFile, CaptureFiles } from '../../host/diagnose/capture-files.ts'
import type { Tools } from '../../host/diagnose/tools.ts'
import { CausewayError } from '../../model/errors.ts'
import {
  type CaptureAnswer,
  type CaptureRequest,
  captureLimits,
} from '../../model/local-api-capture.ts'
import { version } from '../../model/version.ts'
import { headerEnd } from '../../wire/header-end.ts'
import { type PcapRecord, pcapReader } from '../../wire/pcap.ts'
import { pcapngEnd, pcapngHead, pcapngPacket } from '../../wire/pcapng.ts'
import { filterText } from './capture-filter.ts'
import type { CapturePlace } from './capture-place.ts'
import { lastLine } from './trace.ts'

const usualSeconds = 10
/** Of one packet. Headers alone: all of them with room to spare, cut exactly behind. */
const snapBytes = { headers: 256, full: 262_144 } as const
const bufferKib = 4096
const keptMs = 10 * 60_000
const mostKept = 3

export interface CaptureParts {
  readonly clock: Clock
  readonly tools: Pick<Tools, 'follow'>
  readonly files: CaptureFiles
  readonly newId: () => string
  readonly onFault: (error: unknown) => void
}

interface Capture {
  readonly id: string
  readonly place: CapturePlace
  readonly filter: string
  readonly isFull: boolean
  readonly mostSeconds: number
  readonly mostBytes: number
  readonly beganMs: number
  readonly abort: AbortController
  endedMs: number | null
  packets: number
  bytes: number
  lost: number | null
  sentence: string | null
  remove: CancelTimer
}

export class Captures implements Disposable {
  readonly #parts: CaptureParts
  readonly #all = new Map<string, Capture>()

  constructor(parts: CaptureParts) {
    this.#parts = parts
  }

  /** Listens, or has failed to, soon after. @throws API_INVALID, API_BUSY, STORE_WRITE_FAILED */
  async begin(
    request: CaptureRequest,
    place: CapturePlace,
    isFull: boolean,
  ): Promise<CaptureAnswer> {
    for (const { endedMs } of this.#all.values()) {
      if (endedMs === null) throw new CausewayError('API_BUSY', 'another recording runs')
    }
    const { clock, files, newId, onFault } = this.#parts
    const { filter = {}, seconds = usualSeconds, bytes = captureLimits.bytes } = request
    const capture: Capture = {
      ...{ id: newId(), place, isFull, mostSeconds: seconds, mostBytes: bytes },
      filter: filterText(filter, place.vlan),
      beganMs: clock.nowMs(),
      abort: new AbortController(),
      ...{ endedMs: null, packets: 0, bytes: 0, lost: null, sentence: null },
      remove: () => {},
    }
    this.#all.set(capture.id, capture)
    try {
      const file = await files.open(capture.id)
      this.#record(capture, file).catch(onFault)
    } catch (error) {
      this.#all.delete(capture.id)
      throw error
    }
    this.#thin()
    return this.#answer(capture)
  }

  list(): CaptureAnswer[] {
    return [...this.#all.values()].map((capture) => this.#answer(capture)).reverse()
  }

  /** @throws API_NOT_FOUND */
  show(id: string): CaptureAnswer {
    return this.#answer(this.#find(id))
  }

  /** @throws API_NOT_FOUND */
  stop(id: string): CaptureAnswer {
    const capture = this.#find(id)
    capture.abort.abort()
    return this.#answer(capture)
  }

  /** The file. @throws API_NOT_FOUND, API_BUSY while it is written */
  async file(id: string): Promise<Buffer> {
    if (this.#find(id).endedMs === null)
      throw new CausewayError('API_BUSY', 'the recording runs: stop it first')
    return this.#parts.files.read(id)
  }

  [Symbol.dispose](): void {
    for (const { abort, remove } of this.#all.values()) {
      remove()
      abort.abort()
    }
  }

  #find(id: string): Capture {
    const capture = this.#all.get(id)
    if (capture === undefined)
      throw new CausewayError('API_NOT_FOUND', 'there is no such recording any more')
    return capture
  }

  async #record(capture: Capture, file: CaptureFile): Promise<void> {
    const { place, isFull, mostSeconds, abort } = capture
    const reader = pcapReader()
    let lastNs = 0n
    const write = (bytes: Buffer): void => {
      file.write(bytes)
      capture.bytes += bytes.length
    }
    const take = (record: PcapRecord): void => {
      if (abort.signal.aborted) return
      const packet = pcapngPacket(isFull ? record : cut(record, reader.head!.linkType))
      const isAll =
        capture.bytes + packet.length + endBytes > capture.mostBytes ||
        capture.packets >= captureLimits.packets
      if (isAll) {
        capture.sentence = 'It ended early: the file is as large as it may be.'
        abort.abort()
        return
      }
      write(packet)
      capture.packets++
      lastNs = record.timeNs
    }
    let hasBegun = false
    try {
      const { code, said } = await this.#parts.tools.follow(captureArguments(capture), {
        ...{ netns: place.netns, timeoutMs: mostSeconds * 1000, signal: abort.signal },
        onData: (bytes) => {
          if (abort.signal.aborted) return
          const records = reader.take(bytes)
          if (!hasBegun && reader.head !== null) {
            hasBegun = true
            write(pcapngHead({ ...reader.head, ...aboutOf(capture) }))
          }
          for (const record of records) take(record)
        },
      })
      const { received, dropped } = accountOf(said)
      capture.lost = dropped
      if (hasBegun) write(pcapngEnd(lastNs, received, dropped ?? 0))
      else capture.sentence = `Nothing could be recorded: ${lastLine(said)}.`
      if (code !== 0 && code !== null && hasBegun)
        capture.sentence ??= `It ended early: ${lastLine(said)}.`
    } catch (error) {
      abort.abort()
      capture.sentence = error instanceof Error ? `It failed: ${error.message}.` : 'It failed.'
      if (!(error instanceof CausewayError)) this.#parts.onFault(error)
    } finally {
      this.#end(capture)
      file.close()
    }
  }

  #end(capture: Capture): void {
    capture.endedMs = this.#parts.clock.nowMs()
    capture.remove = this.#parts.clock.after(keptMs, () => this.#remove(capture.id))
  }

  #remove(id: string): void {
    this.#all.get(id)?.remove()
    this.#all.delete(id)
    const { files, onFault } = this.#parts
    files.remove(id).catch(onFault)
  }

  #thin(): void {
    for (const { id, endedMs } of this.#all.values()) {
      if (this.#all.size <= mostKept) return
      if (endedMs !== null) this.#remove(id)
    }
  }

  #answer(capture: Capture): CaptureAnswer {
    const { id, place, filter, isFull, packets, bytes, lost, beganMs, endedMs } = capture
    const nowMs = this.#parts.clock.nowMs()
    return {
      ...{ id, isDone: endedMs !== null, place: place.text, device: place.device, filter, isFull },
      ...{ packets, bytes, lostPackets: lost, mostSeconds: capture.mostSeconds },
      seconds: ((endedMs ?? nowMs) - beganMs) / 1000,
      removedInSeconds: endedMs === null ? null : Math.max(0, endedMs + keptMs - nowMs) / 1000,
      sentence: capture.sentence ?? place.note,
    }
  }
}

/** Of the block that a file ends with. */
const endBytes = 64

export function captureArguments({
  place,
  filter,
  isFull,
}: Pick<Capture, 'place' | 'filter' | 'isFull'>): readonly string[] {
  return [
    ...['tcpdump', '-i', place.device, '-n', '-p', '-U', '--immediate-mode'],
    ...['-s', String(isFull ? snapBytes.full : snapBytes.headers), '-B', String(bufferKib)],
    ...['-w', '-', '--', ...(filter === '' ? [] : [filter])],
  ]
}

function aboutOf({ place, filter, isFull }: Capture): {
  name: string
  description: string
  comment: string
  application: string
} {
  const what = isFull ? 'whole packets' : 'headers alone, payloads are cut off'
  return {
    name: place.device,
    description: place.text,
    comment: [`${place.text}: ${what}`, ...(filter === '' ? [] : [`filter: ${filter}`])].join('; '),
    application: `Causeway ${version}`,
  }
}

function cut(record: PcapRecord, linkType: number): PcapRecord {
  return { ...record, bytes: record.bytes.subarray(0, headerEnd(record.bytes, linkType)) }
}

/** What tcpdump says at its end. Null: it does not say. */
function accountOf(said: string): { received: number; dropped: number | null } {
  const [, received] = /(\d+) packets? received by filter/.exec(said) ?? []
  const [, dropped] = /(\d+) packets? dropped by kernel/.exec(said) ?? []
  return {
    received: Number(received ?? 0),
    dropped: dropped === undefined ? null : Number(dropped),
  }
}
