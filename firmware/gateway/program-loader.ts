/**
 * Loads programs into the datapath, numbered, and only those that differ from the running one: a restarted
 * gateway must not disturb what runs. What was loaded is remembered in a file that a reboot removes.
 */
import { createHash } from 'node:crypto'
import type { Datapath } from '../host/datapath/datapath.ts'
import type { Log } from '../host/system/log.ts'
import { CausewayError } from '../model/errors.ts'
import type { Program } from '../model/program.ts'
import { fieldsOf } from './log-fields.ts'
import type { UplinkNumbers } from './uplink-numbers.ts'

/** Where the record of the running program is kept; '' or null when there is none. */
export interface RecordFile {
  read(): Promise<string | null>
  /** @throws STORE_WRITE_FAILED */
  write(text: string): Promise<void>
  /** Removes it, if there is one. */
  remove(): Promise<void>
}

export interface ProgramLoader {
  /** @throws DATAPATH_REFUSED, DATAPATH_UNREACHABLE */
  load(datapath: Datapath, program: Program): Promise<void>
  /** The next load happens whatever runs: the ports under the program are others now. */
  forget(): Promise<void>
}

/** @param numbers is told of every program */
export function openProgramLoader(
  file: RecordFile,
  log: Pick<Log, 'warn'>,
  numbers: Pick<UplinkNumbers, 'begin' | 'run' | 'giveUp'>,
): ProgramLoader {
  /** What the file says, or would if it could be written; null while only the file knows. */
  let known: string | null = null
  return {
    async load(datapath, program) {
      const [{ bootId }, { generation, ports }] = await Promise.all([
        datapath.describe(),
        datapath.counters(),
      ])
      const running = recordOf(bootId, generation, program)
      // Generation 0 is a datapath without a program.
      const isWhole = generation > 0 && !ports.some(({ isGone }) => isGone)
      if (isWhole && (known ?? (await file.read())) === running) {
        numbers.run({ ...program, generation })
        return
      }
      const next = { ...program, generation: generation + 1 }
      numbers.begin(next)
      try {
        await datapath.load(next)
        numbers.run(next)
      } finally {
        numbers.giveUp()
      }
      known = recordOf(bootId, next.generation, program)
      await writeOrSay(file, known, log)
    },

    async forget() {
      known = null
      await file.remove()
    },
  }
}

/** Without a record the next gateway loads once more than needed: no reason to stop this one. */
async function writeOrSay(file: RecordFile, text: string, log: Pick<Log, 'warn'>): Promise<void> {
  try {
    await file.write(text)
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error
    log.warn(fieldsOf(error), 'program record not written')
  }
}

function recordOf(bootId: string, generation: number, program: Program): string {
  const text = JSON.stringify({ ...program, generation: 0 }, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  )
  const sha256 = createHash('sha256').update(text).digest('hex')
  return `${JSON.stringify({ bootId, generation, sha256 })}\n`
}
