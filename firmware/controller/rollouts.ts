/**
 * Brings firmware to the boxes of each tenant: what to do next is plan/rollout.ts's, from what the store and the boxes say now; here it
 * is written down first and said then. So a controller that begins anew goes on where the last one was. One rollout of a tenant at a
 * time, one thing after the other in it.
 */
import type { CancelTimer, Clock } from '../host/clock/clock.ts'
import { entriesBelow } from '../host/store/entries-below.ts'
import { type Change, noChange, type Store } from '../host/store/store.ts'
import type { Log } from '../host/system/log.ts'
import { CausewayError } from '../model/errors.ts'
import { firmwarePath } from '../model/firmware-order.ts'
import type { FirmwareFile, Rollout, RolloutAnswer, RolloutBox } from '../model/rollout.ts'
import { isUnderWay, planRollout, type RolloutSteps, resumed } from '../plan/rollout.ts'
import { type AuditEvent, commitAudited } from './audit.ts'
import { edgesOf } from './edges.ts'
import type { FirmwareShelf } from './firmware.ts'
import { rolloutBoxKey, rolloutKey } from './keys.ts'
import type { LinkDesk } from './link-desk.ts'
import { newQueues } from './queues.ts'
import { haltEvent, overEvent } from './rollout-event.ts'

export interface RolloutsParts {
  readonly store: Store
  readonly clock: Clock
  /** Milliseconds since 1970. */
  readonly wallMs: () => number
  readonly log: Log
  readonly links: Pick<LinkDesk, 'seen' | 'order'>
  readonly shelf: Pick<FirmwareShelf, 'answer'>
}

export interface KeptRollout {
  readonly rollout: Rollout
  readonly boxes: readonly RolloutBox[]
  /** Of the rollout's own entry. */
  readonly revision: number
}

/** All that boxes say within it is looked at once. */
const gatherMs = 500
const lookMs = 10_000
const mostWaiting = 64

export class Rollouts implements AsyncDisposable {
  readonly #parts: RolloutsParts
  readonly #inTurn = newQueues(mostWaiting, (tenant) => {
    return new CausewayError('API_BUSY', `too much is asked of the rollout of ${tenant} at once`)
  })
  #cancel: CancelTimer = () => {}
  #isDue = false
  #isClosed = false
  #looking: Promise<void> = Promise.resolve()

  constructor(parts: RolloutsParts) {
    this.#parts = parts
    this.#later(lookMs)
  }

  /** A box has said something. */
  wake(): void {
    if (this.#isDue || this.#isClosed) return
    this.#isDue = true
    this.#later(gatherMs)
  }

  async show(tenant: string): Promise<RolloutAnswer> {
    const kept = await this.read(tenant)
    if (kept === null) return { rollout: null, boxes: [] }
    const seen = this.#parts.links.seen(tenant)
    const boxes = kept.boxes.map((box) => {
      const said = seen.get(box.deviceId)?.said
      const bytes = said?.order === kept.rollout.id ? said.bytes : 0
      return { ...box, isUp: seen.has(box.deviceId), running: said?.running ?? '', bytes }
    })
    return { rollout: kept.rollout, boxes }
  }

  /**
   * @param make from the last one; null: there was none
   * @throws what `make` throws; STORE_ errors
   */
  async change(
    tenant: string,
    event: AuditEvent,
    make: (kept: KeptRollout | null) => Promise<Pick<KeptRollout, 'rollout' | 'boxes'>>,
  ): Promise<RolloutAnswer> {
    await this.#inTurn(tenant, async () => {
      const kept = await this.read(tenant)
      const next = await make(kept)
      const changes = [headChange(tenant, next.rollout)]
      const isOther = kept?.rollout.id !== next.rollout.id
      if (isOther) changes.push(...boxChanges(tenant, kept?.boxes ?? [], next.boxes))
      const conditions = [{ key: rolloutKey(tenant), revision: kept?.revision ?? 0 }]
      const { store, wallMs } = this.#parts
      await commitAudited(store, tenant, event, { conditions, changes }, wallMs())
    })
    this.wake()
    return this.show(tenant)
  }

  pause(tenant: string, by: string): Promise<RolloutAnswer> {
    return this.#turn(tenant, by, 'pause', ['running'], (rollout) => {
      return { ...rollout, state: 'paused' }
    })
  }

  resume(tenant: string, by: string): Promise<RolloutAnswer> {
    return this.#turn(tenant, by, 'resume', ['paused', 'halted'], resumed)
  }

  abort(tenant: string, by: string): Promise<RolloutAnswer> {
    const open = ['running', 'paused', 'halted'] as const
    return this.#turn(tenant, by, 'abort', open, (rollout) => ({ ...rollout, state: 'aborted' }))
  }

  /** One that is not over is of this version. */
  async isNeeded(version: string): Promise<boolean> {
    const all = await this.#all()
    return all.some(({ rollout }) => rollout.version === version && isOpen(rollout))
  }

  async read(tenant: string): Promise<KeptRollout | null> {
    const { store } = this.#parts
    const entry = await store.get(rolloutKey(tenant))
    if (entry === null) return null
    const boxes: RolloutBox[] = []
    for await (const { value } of entriesBelow(store, rolloutBoxKey(tenant, ''))) {
      boxes.push(JSON.parse(value) as RolloutBox)
    }
    const rollout = JSON.parse(entry.value) as Rollout
    return { rollout, boxes, revision: entry.revision }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await this.#looking
  }

  async #turn(
    tenant: string,
    who: string,
    verb: 'pause' | 'resume' | 'abort',
    from: readonly Rollout['state'][],
    to: (rollout: Rollout, boxes: readonly RolloutBox[]) => Rollout,
  ): Promise<RolloutAnswer> {
    const version = (await this.read(tenant))?.rollout.version ?? ''
    const event = { who, what: `rollout.${verb}`, target: `rollout/${version}`, code: null }
    return this.change(tenant, event, async (kept) => {
      if (kept === null) throw new CausewayError('API_NOT_FOUND', 'there was no rollout yet')
      const { rollout, boxes } = kept
      if (from.includes(rollout.state)) return { rollout: to(rollout, boxes), boxes }
      const message = `the rollout of ${rollout.version} is ${rollout.state}`
      throw new CausewayError('STORE_CONFLICT', message)
    })
  }

  async #all(): Promise<{ readonly tenant: string; readonly rollout: Rollout }[]> {
    const all: { tenant: string; rollout: Rollout }[] = []
    for await (const { key, value } of entriesBelow(this.#parts.store, rolloutKey(''))) {
      const rollout = JSON.parse(value) as Rollout
      all.push({ tenant: key.slice(rolloutKey('').length), rollout })
    }
    return all
  }

  #later(ms: number): void {
    this.#cancel()
    this.#cancel = this.#parts.clock.after(ms, () => {
      this.#isDue = false
      this.#looking = this.#looking.then(() => this.#look())
    })
  }

  async #look(): Promise<void> {
    let isLive = false
    try {
      for (const { tenant, rollout } of this.#isClosed ? [] : await this.#all()) {
        // Nothing of it is under way, and nobody has an order of it.
        if (rollout.state === 'done') continue
        isLive = (await this.#inTurn(tenant, () => this.#pass(tenant))) || isLive
      }
    } catch (error) {
      // The next look finds what this one left.
      if (!(error instanceof CausewayError)) throw error
      this.#parts.log.warn({ code: error.code, detail: error.message }, 'rollout not looked after')
      isLive = true
    }
    if (isLive && !this.#isClosed && !this.#isDue) this.#later(lookMs)
  }

  /** @returns whether time alone can change something of it */
  async #pass(tenant: string): Promise<boolean> {
    const { store, wallMs, links, shelf } = this.#parts
    const kept = await this.read(tenant)
    if (kept === null || this.#isClosed) return false
    const { rollout, boxes } = kept
    const { files } = await shelf.answer()
    const there = files.filter(({ version, isThere }) => isThere && version === rollout.version)
    const facts = {
      seen: links.seen(tenant),
      owned: new Set((await edgesOf(store, tenant)).map(({ deviceId }) => deviceId)),
      architectures: new Set(there.map(({ architecture }) => architecture)),
      nowMs: Math.trunc(wallMs()),
    }
    const steps = planRollout(rollout, boxes, facts)
    await this.#write(tenant, kept, steps)
    for (const deviceId of steps.callOff) links.order(deviceId, null)
    for (const deviceId of steps.tell) {
      const architecture = facts.seen.get(deviceId)?.said?.architecture
      const file = there.find((one) => one.architecture === architecture)
      if (file !== undefined) links.order(deviceId, orderOf(steps.rollout, file))
    }
    return isOpen(steps.rollout) || boxes.some(isUnderWay)
  }

  /** That it halts is written down with whoever failed: otherwise the next start would take them for old news. */
  async #write(tenant: string, kept: KeptRollout, { rollout, changed }: RolloutSteps) {
    const { store, wallMs, log } = this.#parts
    const head = { key: rolloutKey(tenant), revision: kept.revision }
    const commit = async (event: AuditEvent | null, changes: readonly Change[]): Promise<void> => {
      if (changes.length === 0) return
      const whole = { conditions: [head], changes }
      const revision = await (event === null
        ? store.commit(whole)
        : commitAudited(store, tenant, event, whole, wallMs()))
      if (changes.some(({ key }) => key === head.key)) head.revision = revision
    }
    const told = changed.map((box) => [box, overEvent(rollout, box)] as const)
    const quiet = told.flatMap(([box, event]) => (event === null ? [boxChange(tenant, box)] : []))
    const first = rollout === kept.rollout ? [] : [headChange(tenant, rollout)]
    const isTurned = rollout.state !== kept.rollout.state
    if (isTurned && rollout.state === 'halted') {
      const all = changed.map((box) => boxChange(tenant, box))
      await commit(haltEvent(rollout), [...first, ...all])
      log.warn({ detail: `${tenant}: ${rollout.why?.message}` }, 'rollout halted')
      for (const [, event] of told) {
        if (event !== null) await commitAudited(store, tenant, event, noChange, wallMs())
      }
      return
    }
    for (const [box, event] of told) {
      if (event !== null) await commit(event, [boxChange(tenant, box)])
    }
    await commit(isTurned ? haltEvent(rollout) : null, [...first, ...quiet])
  }
}

export function isOpen({ state }: Rollout): boolean {
  return state === 'running' || state === 'paused' || state === 'halted'
}

function orderOf({ id, version, hours }: Rollout, { sha256, bytes }: FirmwareFile) {
  return { id, version, path: firmwarePath(sha256), sha256, bytes, hours }
}

function headChange(tenant: string, rollout: Rollout): Change {
  return { key: rolloutKey(tenant), value: JSON.stringify(rollout) }
}

function boxChange(tenant: string, box: RolloutBox): Change {
  return { key: rolloutBoxKey(tenant, box.deviceId), value: JSON.stringify(box) }
}

function boxChanges(
  tenant: string,
  before: readonly RolloutBox[],
  after: readonly RolloutBox[],
): Change[] {
  const now = new Set(after.map(({ deviceId }) => deviceId))
  const gone = before.filter(({ deviceId }) => !now.has(deviceId))
  const removed = gone.map(({ deviceId }) => {
    return { key: rolloutBoxKey(tenant, deviceId), value: null }
  })
  return [...removed, ...after.map((box) => boxChange(tenant, box))]
}
