/**
 * The code by which the first password of a box is set that is not blank any more: whoever has the box's shell has it printed. One at a
 * time, for a quarter of an hour and five tries, in memory only.
 */
import { randomInt, timingSafeEqual } from 'node:crypto'
import { sha256 } from '../../host/system/digest.ts'
import { CausewayError } from '../../model/errors.ts'

/** None that look alike. */
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
/** 50 bits. */
const codeLetters = 10
const lastsMs = 15 * 60_000
const mostTries = 5

export interface SetupCodes {
  /** The one before counts no more. */
  readonly make: () => { readonly code: string; readonly seconds: number }
  /** Counts as a try. @throws API_SETUP_CODE */
  readonly check: (typed: string | undefined) => void
  /** There is none from now on. */
  readonly end: () => void
}

export function openSetupCodes(nowMs: () => number): SetupCodes {
  let known: { readonly hash: string; readonly untilMs: number; tries: number } | null = null
  return {
    make: () => {
      const plain = Array.from({ length: codeLetters }, () => letters[randomInt(letters.length)])
      const code = plain.join('').replace(/^(.{5})/, '$1-')
      known = { hash: hashOf(code), untilMs: nowMs() + lastsMs, tries: 0 }
      return { code, seconds: lastsMs / 1_000 }
    },
    check: (typed) => {
      if (typed === undefined) {
        throw refused('this box needs its setup code: `causeway user setup-code` prints it')
      }
      if (known === null || nowMs() >= known.untilMs || known.tries >= mostTries) {
        throw refused('no setup code counts now: `causeway user setup-code` prints one')
      }
      known.tries++
      if (timingSafeEqual(Buffer.from(hashOf(typed)), Buffer.from(known.hash))) return
      throw refused('the setup code is wrong')
    },
    end: () => {
      known = null
    },
  }
}

function refused(message: string): CausewayError {
  return new CausewayError('API_SETUP_CODE', message, { path: '/code' })
}

function hashOf(code: string): string {
  return sha256(code.toUpperCase().replaceAll(/[^A-Z0-9]/g, ''))
}
