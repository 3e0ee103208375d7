/**
 * How uplinks, peers and the box were: each second of ten minutes in memory, ten seconds each of a day and five minutes each of a
 * month on the disk, which hears of it once a minute and once in five. What is written is all that a power cut keeps; at most 17 MB, so
 * with more than some forty names the days and months are shorter ones. A disk that takes nothing costs the past, never the present.
 */
import type { Clock } from '../../host/clock/clock.ts'
import { type BlockDisk, BlockLog } from '../../host/store/block-log.ts'
import type { Log } from '../../host/system/log.ts'
import { CausewayError } from '../../model/errors.ts'
import {
  type HistoryOfBox,
  type HistoryOfName,
  type LiveFigures,
  mostHistoryNames,
} from '../../model/local-api-history.ts'
import {
  type Columns,
  figuresOf,
  openColumns,
  parseSpan,
  type Window,
  windowOf,
} from '../../plan/history.ts'
import { fieldsOf } from '../log-fields.ts'
import { Ring } from './ring.ts'
import { Tier } from './tier.ts'

export interface HistoryParts {
  readonly clock: Pick<Clock, 'nowMs'>
  /** Milliseconds since 1970, as far as the box knows. */
  readonly wallMs: () => number
  readonly log: Log
  readonly folder: string
  readonly disk?: BlockDisk
}

export interface Second {
  readonly uplinks: readonly LiveFigures[]
  readonly peers: readonly LiveFigures[]
  /** Null: not known. */
  readonly isHealthy: boolean | null
}

const boxKey = 'b:'
const fine = { name: 'fine', stepSeconds: 10, fileBlocks: 120, keptSteps: 6 }
const coarse = { name: 'coarse', stepSeconds: 300, fileBlocks: 720, keptSteps: 1 }
/** Twelve whole files and the one that is written: a day of fine ones, a month of coarse ones. */
const files = 13
const fileBytes = 640 * 1024
/** Of 14 KB each: those of now, and those of the configuration before. */
const mostRings = 2 * (mostHistoryNames + 1)

export class History implements AsyncDisposable {
  readonly #parts: HistoryParts
  readonly #rings = new Map<string, Ring>()
  readonly #coarse: Tier
  readonly #fine: Tier
  #isBroken = false

  constructor(parts: HistoryParts) {
    this.#parts = parts
    const { folder, disk } = parts
    const open = (
      { name, stepSeconds, fileBlocks, keptSteps }: typeof fine,
      onPoint?: Tier['foldPoint'],
    ) =>
      new Tier({
        log: new BlockLog({
          ...{ folder, name, fileBytes, fileBlocks, files },
          ...(disk === undefined ? {} : { disk }),
        }),
        ...{ stepSeconds, keptSteps },
        onWritten: (error) => this.#tell(error),
        ...(onPoint === undefined ? {} : { onPoint }),
      })
    this.#coarse = open(coarse)
    this.#fine = open(fine, (...point) => this.#coarse.foldPoint(...point))
  }

  /** How all is in this second; what comes twice in one counts as its last. */
  take({ uplinks, peers, isHealthy }: Second): void {
    const { clock, wallMs } = this.#parts
    const [nowMs, atMs] = [clock.nowMs(), wallMs()]
    const put = (key: string, live: Omit<LiveFigures, 'name'>): void => {
      const figures = figuresOf(live)
      this.#ringOf(key, nowMs)?.put(nowMs, figures)
      this.#fine.fold(key, atMs, figures)
    }
    const kept = uplinks.slice(0, mostHistoryNames)
    for (const live of kept) put(`u:${live.name}`, live)
    for (const live of peers.slice(0, mostHistoryNames - kept.length)) put(`p:${live.name}`, live)
    put(boxKey, { ...nothingElse, isUp: isHealthy })
  }

  /** @throws API_NOT_FOUND nothing is known of it; STORE_BUSY */
  async ofName(kind: 'uplink' | 'peer', name: string, span: string): Promise<HistoryOfName> {
    const { window, columns } = await this.#columns(
      `${kind === 'uplink' ? 'u' : 'p'}:${name}`,
      span,
    )
    if (columns === null) {
      throw new CausewayError('API_NOT_FOUND', `there is no history of ${kind} ${name}`)
    }
    return {
      ...this.#times(span, window),
      figures: {
        upRatio: columns.series('upRatio'),
        rxBitsPerSecond: columns.series('rxBitsPerSecond'),
        txBitsPerSecond: columns.series('txBitsPerSecond'),
        lossRatio: columns.series('lossRatio'),
        latencySeconds: columns.series('latencySeconds'),
        jitterSeconds: columns.series('jitterSeconds'),
      },
    }
  }

  /** @throws STORE_BUSY */
  async ofBox(span: string): Promise<HistoryOfBox> {
    const { window, columns } = await this.#columns(boxKey, span)
    const healthy = (columns ?? openColumns(window)).series('upRatio')
    return { ...this.#times(span, window), figures: { healthyRatio: healthy } }
  }

  /** What has not been written yet is, as far as the disk lets it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fine.close()
    await this.#coarse.close()
  }

  #times(span: string, { first, stepSeconds, points }: Window) {
    return { span, beginSeconds: first * stepSeconds, stepSeconds, points }
  }

  /** Null: of this one nothing was ever known, or it is not configured any more and long forgotten. */
  async #columns(
    key: string,
    text: string,
  ): Promise<{ readonly window: Window; readonly columns: Columns | null }> {
    const { clock, wallMs } = this.#parts
    const { span, ago } = parseSpan(text)
    const window = windowOf(span, ago, wallMs())
    const columns = openColumns(window)
    const ring = this.#rings.get(key)
    let isKnown = ring !== undefined
    if (span === 'minutes') {
      // In memory seconds are told apart by a clock that never jumps: they are dated now.
      const offsetMs = wallMs() - clock.nowMs()
      ring?.each(clock.nowMs(), (atMs, stats) => columns.put(atMs + offsetMs, stats))
    } else {
      const { first, points, stepSeconds } = window
      const fromMs = first * stepSeconds * 1000
      const toMs = (first + points) * stepSeconds * 1000
      const tier = span === 'hour' ? this.#fine : this.#coarse
      await tier.read(key, fromMs, toMs, (atMs, stats) => {
        isKnown = true
        columns.put(atMs, stats)
      })
    }
    return { window, columns: isKnown ? columns : null }
  }

  /** Null: others have all the room; names come and go with configurations. */
  #ringOf(key: string, nowMs: number): Ring | null {
    const known = this.#rings.get(key)
    if (known !== undefined) return known
    if (this.#rings.size >= mostRings) {
      for (const [other, ring] of this.#rings) if (ring.isOld(nowMs)) this.#rings.delete(other)
    }
    if (this.#rings.size >= mostRings) return null
    const ring = new Ring()
    this.#rings.set(key, ring)
    return ring
  }

  /** Once when it begins, and once when it is over. */
  #tell(error: unknown): void {
    const isBroken = error !== null
    if (isBroken === this.#isBroken) return
    this.#isBroken = isBroken
    const { log } = this.#parts
    if (isBroken) log.warn(fieldsOf(error), 'history not written')
    else log.info({}, 'history is written again')
  }
}

const nothingElse: Omit<LiveFigures, 'name' | 'isUp'> = {
  rxBitsPerSecond: null,
  txBitsPerSecond: null,
  lossRatio: null,
  latencySeconds: null,
  jitterSeconds: null,
}
