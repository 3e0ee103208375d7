/**
 * A blank box on its way to an owner: asks all controllers that it may ask, shows a code of each that waits for a person, and
 * takes the first that proves itself. Ends with that; until then it goes on by itself, ever more seldom at who refuses it.
 */
import type { KeyObject } from 'node:crypto'
import type { CancelTimer, Clock } from '../../host/clock/clock.ts'
import type { ZtpConnection } from '../../host/link/ztp.ts'
import type { DeviceKey } from '../../host/pki/device-key.ts'
import type { Log } from '../../host/system/log.ts'
import type { OwnerOffer } from '../../model/enrolment.ts'
import { CausewayError } from '../../model/errors.ts'
import { formatHostPort, type HostPort } from '../../model/host-port.ts'
import { readClaimCode } from '../../wire/claim-code.ts'
import { keyFingerprint } from '../../wire/jws.ts'
import { fieldsOf } from '../log-fields.ts'
import { attemptEnrol, type Owner } from './attempt.ts'
import type { Found } from './discovery.ts'

export interface EnrolmentParts {
  readonly clock: Clock
  readonly log: Log
  readonly random: (bytes: number) => Uint8Array
  /** Milliseconds since 1970. */
  readonly wallMs: () => number
  readonly key: DeviceKey
  /** X25519, base64. */
  readonly wireKey: string
  readonly firmware: string
  readonly imageRoots: readonly KeyObject[]
  readonly find: () => Promise<Found>
  readonly connect: (
    controller: HostPort,
    proxy: HostPort | null,
    authorities: readonly string[] | null,
  ) => Promise<ZtpConnection>
  readonly onOwner: (owner: Owner, controller: HostPort, proxy: HostPort | null) => Promise<void>
}

interface Attempt {
  readonly controller: HostPort
  isUnderWay: boolean
  code: string | null
  isConfirmed: boolean
  misses: number
  /** How often it was begun anew to see whether a root has named the controller since. */
  renewals: number
  /** Not before. */
  nextMs: number
}

/** So often it is looked whether there is somebody to ask. */
const lookMs = 1_000
const leastPauseMs = 1_000
const mostPauseMs = 60_000

export class Enrolment implements Disposable {
  readonly #parts: EnrolmentParts
  readonly #attempts = new Map<string, Attempt>()
  #lastError: CausewayError | null = null
  /** What the box has now: an attempt that was begun with others may do better anew. */
  #roots = ''
  #cancelLook: CancelTimer = () => {}
  readonly #pauses = new Set<CancelTimer>()
  #isTaken = false
  #isClosed = false

  constructor(parts: EnrolmentParts) {
    this.#parts = parts
    void this.#look()
  }

  get lastError(): CausewayError | null {
    return this.#lastError
  }

  get controllers(): readonly string[] {
    return [...this.#attempts.keys()]
  }

  get offers(): readonly OwnerOffer[] {
    return [...this.#attempts].flatMap(([controller, { code, isConfirmed }]) =>
      code === null ? [] : [{ controller, code, isConfirmed }],
    )
  }

  /** A person at the box has compared it with what the controller shows. @throws ZTP_CODE_WRONG */
  confirm(typed: string): void {
    const code = readClaimCode(typed)
    const found = [...this.#attempts.values()].find((one) => one.code !== null && one.code === code)
    if (found === undefined) {
      throw new CausewayError('ZTP_CODE_WRONG', 'this box shows no such code', { path: '/code' })
    }
    found.isConfirmed = true
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#cancelLook()
    for (const cancel of this.#pauses) cancel()
  }

  async #look(): Promise<void> {
    const { clock, find } = this.#parts
    const found = await find()
    if (this.#isClosed) return
    this.#roots = rootsKey(found.roots)
    const names = new Set(found.controllers.map(formatHostPort))
    for (const [name, { isUnderWay }] of this.#attempts) {
      if (!names.has(name) && !isUnderWay) this.#attempts.delete(name)
    }
    for (const controller of found.controllers) {
      const name = formatHostPort(controller)
      const attempt = this.#attempts.get(name) ?? newAttempt(controller)
      this.#attempts.set(name, attempt)
      if (!attempt.isUnderWay && clock.nowMs() >= attempt.nextMs) void this.#try(attempt, found)
    }
    this.#cancelLook = clock.after(lookMs, () => void this.#look())
  }

  async #try(attempt: Attempt, { proxy, roots }: Found): Promise<void> {
    const { clock, log, random, wallMs, key, wireKey, firmware, imageRoots } = this.#parts
    const { connect, onOwner } = this.#parts
    attempt.isUnderWay = true
    const beganMs = clock.nowMs()
    let waitMs = Infinity
    try {
      const owner = await attemptEnrol({
        ...{ key, wireKey, firmware, imageRoots, ownRoots: roots, keeping: 'software' },
        connect: (authorities) => connect(attempt.controller, proxy, authorities),
        random: (bytes) => Buffer.from(random(bytes)),
        nowMs: wallMs,
        pause: (ms) => this.#pause(ms),
        onCode: (code) => {
          attempt.code = code
          attempt.misses = 0
          log.info({ detail: formatHostPort(attempt.controller) }, 'waits to be claimed')
        },
        isConfirmed: () => attempt.isConfirmed,
        onPassedOver: (refusal) => {
          this.#lastError = refusal
          log.warn(
            { ...fieldsOf(refusal), detail: formatHostPort(attempt.controller) },
            'no owner yet',
          )
          waitMs = roots.length === 0 ? Infinity : doubled(attempt.renewals++)
        },
        anewInMs: () => (this.#roots === rootsKey(roots) ? beganMs + waitMs - clock.nowMs() : 0),
      })
      // Of two that prove themselves at once the first has it.
      if (this.#isTaken || this.#isClosed) return
      this.#isTaken = true
      await onOwner(owner, attempt.controller, proxy).finally(() => {
        this.#isTaken = false
      })
      this[Symbol.dispose]()
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error
      this.#lastError = error
      const detail = `${formatHostPort(attempt.controller)}: ${error.detail ?? error.message}`
      log.warn({ ...fieldsOf(error), detail }, 'no owner yet')
      const most = doubled(attempt.misses++)
      const part = Buffer.from(random(2)).readUInt16BE() / 65_536
      attempt.nextMs = clock.nowMs() + most * (0.5 + part / 2)
    } finally {
      attempt.isUnderWay = false
      attempt.code = null
      attempt.isConfirmed = false
    }
  }

  /** Never ends once the enrolment has. */
  #pause(ms: number): Promise<void> {
    return new Promise((passed) => {
      const cancel = this.#parts.clock.after(ms, () => {
        this.#pauses.delete(cancel)
        passed()
      })
      this.#pauses.add(cancel)
      if (this.#isClosed) cancel()
    })
  }
}

function doubled(times: number): number {
  return Math.min(mostPauseMs, leastPauseMs * 2 ** Math.min(times, 10))
}

function rootsKey(roots: readonly KeyObject[]): string {
  return roots.map(keyFingerprint).toSorted().join(' ')
}

function newAttempt(controller: HostPort): Attempt {
  return {
    controller,
    isUnderWay: false,
    code: null,
    isConfirmed: false,
    misses: 0,
    renewals: 0,
    nextMs: Number.NEGATIVE_INFINITY,
  }
}
