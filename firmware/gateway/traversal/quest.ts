/**
 * How a direct way to one peer is looked for: candidates go to and fro, both ends try the ways between them, and spray where
 * that can help; then again after ever longer pauses. The datapath finds out what comes through.
 *
 *   rest ─► asking ─► trying ─► queued ─► spraying ─► rest, until it is time again; or a direct way is up
 */
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import { maxCandidates } from '../../model/candidate.ts'
import type { RelayedReason } from '../../model/relayed-reason.ts'
import type { WayProgram } from '../../model/traversal-program.ts'
import { type OwnPlace, ownCandidates, soundCandidates, waysBetween } from '../../plan/candidate.ts'
import { openBucket } from '../../plan/rate-limit.ts'
import { type Spray, sprayBetween } from '../../plan/spray.ts'
import { isSprayDue, retryMs, type Told, wallOf, whyRelayed } from '../../plan/traversal.ts'
import type { Item } from '../../wire/control-item.ts'
import type { SprayTurn } from './spray-turns.ts'

export interface QuestParts {
  readonly clock: Clock
  readonly own: () => OwnPlace
  /** Whether the own key is the smaller one of the two. */
  readonly isSmaller: boolean
  /** Whether a direct path carries packets, and whether packets come and go at all. */
  readonly isDirect: () => boolean
  readonly hasData: () => boolean
  /** Seals it for the peer; may be lost. */
  readonly send: (item: Item<'candidates'>) => void
  /** Has these ways tried, in place of those before. */
  readonly try: (ways: readonly WayProgram[], forMs: number) => void
  readonly spray: (spray: Spray) => void
  /** Ends the one that runs. */
  readonly stopSpray: () => void
  /** When this search may spray. */
  readonly turn: SprayTurn
  /** Has the NATs looked at again, for a search of this end or for one of the peer. */
  readonly refresh: (whose: 'own' | 'theirs') => void
}

export interface QuestStatus {
  readonly reason: RelayedReason
  /** Null: none is due. */
  readonly nextMs: number | null
}

/** Asked so often, then it is believed that nobody answers. */
const askLimit = 4
const askAgainMs = 500
/** By then a simple try has come through, or does not. */
const tryMs = 1_500
/** So long the datapath goes on with it, beside a spray. */
const tryForMs = 10_000
/** A look at the NATs takes about so long. */
const lookMs = 1_200
/** So often the peer may have this end act. */
const peerRate = { perSecond: 1, burst: 8 }
/** The peer begins to spray: not oftener than this; and both ends together, whatever changes. */
const sprayGapMs = 4_000
const sprayRate = { perSecond: 1 / 200, burst: 4 }
/** What changes again and again is no reason to hurry each time. */
const calmMs = 30_000

type Flags = Pick<Item<'candidates'>, 'wantsAnswer' | 'isSpray' | 'isBusy' | 'isMoved'>
const noFlags: Flags = { wantsAnswer: false, isSpray: false, isBusy: false, isMoved: false }

type Phase = 'rest' | 'asking' | 'trying' | 'queued' | 'spraying'

export class Quest implements Disposable {
  readonly #parts: QuestParts
  readonly #peerActs
  readonly #sprayRate
  #phase: Phase = 'rest'
  #timer: CancelTimer | null = null
  #dueMs: number | null = null
  #round = 0
  #asks = 0
  /** What the peer said last; null: nothing. */
  #theirs: Told | null = null
  #failures = 0
  #sprays = 0
  #firstFailureMs: number | null = null
  #restedAtMs = 0
  #beganAtMs = Number.NEGATIVE_INFINITY
  #sprayedAtMs = Number.NEGATIVE_INFINITY
  #reason: RelayedReason = 'untried'

  constructor(parts: QuestParts) {
    this.#parts = parts
    this.#peerActs = openBucket(peerRate, parts.clock.nowMs())
    this.#sprayRate = openBucket(sprayRate, parts.clock.nowMs())
  }

  get status(): QuestStatus {
    const isUnderWay = this.#phase !== 'rest'
    const leftMs = this.#dueMs === null ? null : this.#dueMs - this.#parts.clock.nowMs()
    return {
      reason: isUnderWay ? 'trying' : this.#reason,
      nextMs: isUnderWay || leftMs === null ? null : Math.max(0, leftMs),
    }
  }

  /** Something has changed here or there: what was in vain may not be now. */
  begin(): void {
    const nowMs = this.#parts.clock.nowMs()
    if (nowMs - this.#beganAtMs >= calmMs) this.#forget()
    this.#beganAtMs = nowMs
    this.#ask()
  }

  /** There is a direct way, or no session to look for one by. */
  end(): void {
    this.#wait(null, () => undefined)
    this.#phase = 'rest'
    this.#reason = 'untried'
    this.#parts.turn.end()
    this.#forget()
  }

  /** Data flows again: what was put off for want of it is due sooner, counted from the same failure. */
  hurry(): void {
    if (this.#phase !== 'rest' || this.#dueMs === null) return
    const wakeMs = Math.max(this.#parts.clock.nowMs(), this.#restedAtMs + this.#pauseMs())
    if (wakeMs + lookMs < this.#dueMs) this.#wake(wakeMs)
  }

  onCandidates(item: Item<'candidates'>): void {
    const { clock, own, send, isDirect } = this.#parts
    if (!this.#peerActs.take(clock.nowMs())) return
    const theirs = { candidates: soundCandidates(item.candidates, own()), wall: item.wall }
    const isOther = JSON.stringify(theirs) !== JSON.stringify(this.#theirs)
    this.#theirs = theirs
    if (item.wantsAnswer) {
      send(this.#item(item.round, {}))
      // Who asks has not found a way: how this end is seen may be another matter by now.
      if (!isDirect()) this.#parts.refresh('theirs')
    }
    if (item.isBusy) this.#onRefused()
    else if (item.isSpray) this.#join(item.round)
    else if (item.wantsAnswer) {
      if (isOther || this.#phase === 'rest' || this.#phase === 'asking') this.#try()
    } else if (this.#phase === 'asking' && item.round === this.#round) this.#try()
  }

  [Symbol.dispose](): void {
    this.#timer?.()
    this.#parts.turn.end()
  }

  #forget(): void {
    this.#failures = 0
    this.#sprays = 0
    this.#firstFailureMs = null
  }

  #ask(): void {
    this.#phase = 'asking'
    this.#asks = 0
    this.#round = (this.#round + 1) & 0xff
    this.#askOnce()
  }

  #askOnce(): void {
    if (this.#asks++ >= askLimit) {
      this.#fail('no-answer')
      return
    }
    this.#parts.send(this.#item(this.#round, { wantsAnswer: true }))
    this.#wait(askAgainMs, () => this.#askOnce())
  }

  #try(): void {
    const ways = waysBetween(this.#parts.own(), this.#theirs?.candidates ?? [])
    this.#phase = 'trying'
    this.#parts.try(ways, tryForMs)
    this.#wait(ways.length === 0 ? 0 : tryMs, () => this.#onTried(ways.length))
  }

  #onTried(ways: number): void {
    const { clock, hasData } = this.#parts
    if (this.#isOver()) return
    this.#firstFailureMs ??= clock.nowMs()
    const sinceMs = clock.nowMs() - this.#firstFailureMs
    const isDue = this.#mySpray() !== null && isSprayDue(this.#sprays, sinceMs, hasData())
    if (isDue && this.#queue()) return
    // By chance it has not met: at once a second time, and then no more for a while.
    if (this.#phase === 'spraying' && this.#sprays === 1) this.#ask()
    else this.#fail(this.#why(ways))
  }

  /** To spray when it is this peer's turn, and have the peer join. False: too many wait. */
  #queue(): boolean {
    const { turn } = this.#parts
    if (!turn.hasRoom()) return false
    this.#wait(null, () => undefined)
    this.#phase = 'queued'
    turn.ask(() => {
      const lastsMs = this.#spray()
      if (lastsMs > 0) this.#parts.send(this.#item(this.#round, { isSpray: true }))
      else this.#fail(this.#why(1))
      return lastsMs
    })
    return true
  }

  /** The peer has begun. One that cannot be joined now is told so, and called when it can. */
  #join(round: number): void {
    const { clock, isDirect, turn, send } = this.#parts
    const isNew = this.#phase !== 'spraying' && clock.nowMs() - this.#sprayedAtMs >= sprayGapMs
    if (!isNew || isDirect() || this.#mySpray() === null) return
    if (turn.isFree()) turn.ask(() => this.#spray())
    else {
      this.#queue()
      send(this.#item(round, { isBusy: true }))
    }
  }

  /** The peer sprays with another: what was begun here met nobody, and does not count. It calls, or is called again. */
  #onRefused(): void {
    if (this.#phase !== 'spraying') return
    this.#sprays--
    this.#sprayedAtMs = Number.NEGATIVE_INFINITY
    this.#parts.stopSpray()
    this.#parts.turn.end()
    this.#fail(this.#why(1))
  }

  #why(ways: number): RelayedReason {
    return whyRelayed(this.#parts.own(), this.#theirs, { ways, sprays: this.#sprays })
  }

  #mySpray(): Spray | null {
    return sprayBetween(this.#parts.own(), this.#theirs?.candidates ?? [], this.#parts.isSmaller)
  }

  /** For how long, in ms; 0: not at all. */
  #spray(): number {
    const { clock, isDirect } = this.#parts
    const spray = isDirect() ? null : this.#mySpray()
    if (spray === null || !this.#sprayRate.take(clock.nowMs())) return 0
    this.#phase = 'spraying'
    this.#sprays++
    this.#sprayedAtMs = clock.nowMs()
    this.#wait(spray.delayMs, () => {
      this.#parts.spray(spray)
      this.#wait(spray.lastsMs - spray.delayMs, () => this.#onTried(1))
    })
    return spray.lastsMs
  }

  #fail(reason: RelayedReason): void {
    if (this.#isOver()) return
    this.#failures++
    this.#phase = 'rest'
    this.#reason = reason
    this.#restedAtMs = this.#parts.clock.nowMs()
    this.#wake(this.#restedAtMs + this.#pauseMs())
  }

  #wake(atMs: number): void {
    const { clock, refresh } = this.#parts
    this.#wait(atMs - clock.nowMs(), () => {
      if (this.#isOver()) return
      refresh('own')
      this.#wait(lookMs, () => this.#isOver() || this.#ask())
      this.#dueMs = clock.nowMs() + lookMs
    })
    this.#dueMs = atMs + lookMs
  }

  /** A direct way, whoever found it, ends the search. */
  #isOver(): boolean {
    const isDirect = this.#parts.isDirect()
    if (isDirect) this.end()
    return isDirect
  }

  #pauseMs(): number {
    const { uplinks } = this.#parts.own()
    const isMetered = uplinks.length > 0 && uplinks.every((uplink) => uplink.isMetered)
    return retryMs({ failures: this.#failures, hasData: this.#parts.hasData(), isMetered })
  }

  #item(round: number, flags: Partial<Flags>): Item<'candidates'> {
    const own = this.#parts.own()
    const candidates = ownCandidates(own).slice(0, maxCandidates)
    return { type: 'candidates', round, ...noFlags, ...flags, wall: wallOf(own), candidates }
  }

  /** One thing at a time is waited for. @param ms null: nothing */
  #wait(ms: number | null, run: () => void): void {
    this.#timer?.()
    this.#dueMs = null
    this.#timer = ms === null ? null : this.#parts.clock.after(ms, run)
  }
}
