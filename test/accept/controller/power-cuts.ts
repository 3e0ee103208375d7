/**
 * A controller is killed again and again while people write to it by its API: documents, boxes, and the log that tells of both.
 * After each cut the store is looked at before the next controller starts on it: what was acknowledged is there, what was given
 * out stays with whom it was given to and nobody else, and the log is whole.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as passed } from 'node:timers/promises'
import { CausewayError } from '../../../firmware/model/errors.ts'
import type { Program } from '../../lab/program.ts'
import type { Check, Line } from '../line.ts'
import { type ManyEdges, makeManyEdges } from './many-edges.ts'
import { askApi, freePort, startController } from './processes.ts'
import { newBook, type StoreBook } from './store-book.ts'
import { newWriters, type Writer } from './writers.ts'

/** Several stores at once: a start is a second of one core. */
const full = { cuts: 500, stores: 2, mostWriteMs: 900 }
const quick = { cuts: 16, stores: 2, mostWriteMs: 350 }
/** So often the cut comes before the controller listens. */
const earlyShare = 0.1
const mostStartMs = 900
/** Until something is acknowledged, on a busy machine. */
const mostFirstMs = 5_000
const spokes = 2

interface Tally {
  cuts: number
  early: number
  starts: number
  acknowledged: number
  unknown: number
}

export const storeCuts: Line = {
  name: 'store',
  title:
    'a controller killed 500 times while it is written to: nothing acknowledged is lost, it always starts',
  faults: {
    forget: 'acknowledged and not there',
    twice: 'networks given twice',
    chain: 'breaks in the log',
    broken: 'starts after a cut',
  },
  isQuickBeside: true,
  measure: async ({ isQuick, fault }) => {
    const { cuts, stores, mostWriteMs } = isQuick ? quick : full
    const each = fault === undefined ? cuts / stores : 2
    const tally: Tally = { cuts: 0, early: 0, starts: 0, acknowledged: 0, unknown: 0 }
    const books = await Promise.all(
      Array.from({ length: fault === undefined ? stores : 1 }, () =>
        cutOne({ cuts: each, mostWriteMs, fault }, tally),
      ),
    )
    return checksOf(tally, books)
  },
}

interface Plan {
  readonly cuts: number
  /** From when something was acknowledged on. */
  readonly mostWriteMs: number
  readonly fault: string | undefined
}

async function cutOne({ cuts, mostWriteMs, fault }: Plan, tally: Tally): Promise<StoreBook> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-cuts-'))
  try {
    const many = await makeManyEdges(folder, spokes)
    const book = newBook(many.places.storeFolder)
    const writers = newWriters(many)
    const stage: Stage = { folder, many, writers, port: await freePort(), mostWriteMs }
    {
      await using _ = await startController(folder, stage.port)
      await askApi(many, stage.port, 'apply', { documents: many.documents, isWhole: true })
    }
    for (let cut = 0; cut < cuts; cut++) {
      const isEarly = cut > 0 && Math.random() < earlyShare
      if (isEarly) await cutEarly(stage, tally)
      else if (!(await cutInWrites(stage, tally))) break
      if (cut === 0 && fault !== undefined) await book.plant(fault, writers)
      if (fault !== 'broken') await book.look(writers)
    }
    return book
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Stage {
  readonly folder: string
  readonly port: number
  readonly many: ManyEdges
  readonly writers: readonly Writer[]
  readonly mostWriteMs: number
}

/** While it starts. */
async function cutEarly({ folder, port }: Stage, tally: Tally): Promise<void> {
  const starting = startController(folder, port, (program) => {
    setTimeout(() => program.signal('SIGKILL'), Math.random() * mostStartMs)
  })
  await starting.then((program) => program.stop('SIGKILL')).catch(() => {})
  tally.cuts++
  tally.early++
}

/** @returns whether it started */
async function cutInWrites(
  { folder, port, many, writers, mostWriteMs }: Stage,
  tally: Tally,
): Promise<boolean> {
  let program: Program
  try {
    program = await startController(folder, port)
  } catch {
    tally.cuts++
    return false
  }
  tally.starts++
  let isCut = false
  const first = Promise.withResolvers<void>()
  const writing = writers.map(async (writer) => {
    while (!isCut) {
      const asked = writer.next()
      try {
        await askApi(many, port, asked.path, asked.body)
        asked.acknowledge()
        first.resolve()
        tally.acknowledged++
      } catch (error) {
        // Two writers at once: nothing was acknowledged, and it is asked again.
        const isRace = error instanceof CausewayError && error.code === 'STORE_CONFLICT'
        // Refused for anything else, which is no part of this, would be told as lost.
        if (!isCut && !isRace) throw error
        tally.unknown++
      }
    }
  })
  await Promise.race([first.promise, passed(mostFirstMs)])
  await passed(Math.random() * mostWriteMs)
  isCut = true
  await program.stop('SIGKILL')
  await Promise.all(writing)
  tally.cuts++
  return true
}

function checksOf(tally: Tally, books: readonly StoreBook[]): Check[] {
  const { cuts, early, starts, acknowledged, unknown } = tally
  const sum = (of: (book: StoreBook) => number): number => books.reduce((n, b) => n + of(b), 0)
  const lost = books.flatMap((book) => book.lost)
  const none = (check: string, count: number, figure: string): Check => {
    return { check, target: '0', figure, isOk: count === 0 }
  }
  return [
    {
      check: 'starts after a cut',
      target: `all ${cuts - early}`,
      figure: `${starts}; ${early} more cuts were while it started`,
      isOk: starts === cuts - early && cuts > 0,
    },
    none(
      'acknowledged and not there',
      lost.length + (acknowledged === 0 ? 1 : 0),
      `${lost.length} of ${acknowledged} writes${lost.length > 0 ? `: ${lost[0]}` : ''}; ${unknown} were cut off before their answer`,
    ),
    none(
      'networks given twice, or to another',
      sum((book) => book.misgiven),
      `${sum((book) => book.misgiven)} of ${sum((book) => book.given)}`,
    ),
    none(
      'breaks in the log',
      sum((book) => book.breaks),
      `${sum((book) => book.breaks)} in ${sum((book) => book.entries)} entries, looked at after each cut`,
    ),
  ]
}
