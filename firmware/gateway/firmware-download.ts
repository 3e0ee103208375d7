/**
 * An ordered file on its way from the controller: no faster than leaves calls alone, taken up where it broke off, and no other than the
 * one that was ordered.
 */
import { createHash } from 'node:crypto'
import type { Clock } from '../host/clock/clock.ts'
import { CausewayError } from '../model/errors.ts'
import type { FirmwareOrder } from '../model/firmware-order.ts'

/** @returns the file from that byte on @throws LINK_ errors, also on the way; what the controller refuses with */
export type Fetch = (path: string, from: number) => AsyncIterable<Uint8Array>

export interface DownloadParts {
  readonly clock: Clock
  readonly fetch: Fetch
  /** Bits per second that it may take now. */
  readonly rateBps: () => number
  /** So much of it is there. */
  readonly onBytes: (bytes: number) => void
  /** Nobody wants it any more. */
  readonly signal: AbortSignal
}

/** Broken off so often without a byte between, it is given up. */
const mostMisses = 20
const pauseMs = { first: 1_000, most: 60_000 } as const
/** Shorter waits are left to the next chunk. */
const leastWaitMs = 20
const bitsOfByte = 8

/** @throws UPDATE_TRUNCATED, UPDATE_REFUSED it is another file; what the controller refuses with */
export async function* downloadOrdered(
  { path, sha256, bytes }: Pick<FirmwareOrder, 'path' | 'sha256' | 'bytes'>,
  { clock, fetch, rateBps, onBytes, signal }: DownloadParts,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let received = 0
  let misses = 0
  let freeAtMs = clock.nowMs()
  while (received < bytes) {
    try {
      for await (const chunk of fetch(path, received)) {
        if (signal.aborted) throw calledOff()
        received += chunk.length
        misses = 0
        if (received > bytes) throw otherFile()
        hash.update(chunk)
        onBytes(received)
        yield chunk
        const nowMs = clock.nowMs()
        freeAtMs = Math.max(nowMs, freeAtMs) + (chunk.length * bitsOfByte * 1_000) / rateBps()
        if (freeAtMs - nowMs > leastWaitMs) await pause(clock, freeAtMs - nowMs, signal)
      }
      if (received < bytes) throw new CausewayError('UPDATE_TRUNCATED', 'the file is too short')
    } catch (error) {
      if (signal.aborted) throw calledOff()
      if (!(error instanceof CausewayError) || !passes(error)) throw error
      if (++misses >= mostMisses) throw brokenOff(error)
      await pause(clock, Math.min(pauseMs.first * 2 ** misses, pauseMs.most), signal)
    }
  }
  if (hash.digest('hex') !== sha256) throw otherFile()
}

/** Sooner when nobody wants it any more. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
  })
}

/** A link that is gone, a controller that is busy: not a file that is gone. */
function passes({ code }: CausewayError): boolean {
  return code.startsWith('LINK_') || code === 'API_BUSY' || code === 'UPDATE_TRUNCATED'
}

function brokenOff(cause: CausewayError): CausewayError {
  const more = { detail: cause.message, cause }
  return new CausewayError('UPDATE_TRUNCATED', 'the download broke off again and again', more)
}

function otherFile(): CausewayError {
  return new CausewayError('UPDATE_REFUSED', 'the file is not the one that was ordered')
}

function calledOff(): CausewayError {
  return new CausewayError('UPDATE_TRUNCATED', 'it was called off')
}
