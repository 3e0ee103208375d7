/**
 * Loads programs into the datapath, numbered, and only those that differ from the running one: a restarted
 * gateway must not disturb what runs. What was loaded is remembered in a file that a reboot removes.
 */
import { createHash } from 'node:crypto'
import type { Datapath } from '../host/datapath/datapath.ts'
import type { Program } from '../model/program.ts'

/** Where the record of the running program is kept; '' or null when there is none. */
export interface RecordFile {
  read(): Promise<string | null>
  write(text: string): Promise<void>
}

export interface ProgramLoader {
  /**
   * @param isForced loads even what runs already, since a port under it was made anew
   * @throws DATAPATH_REFUSED, DATAPATH_UNREACHABLE
   */
  load(datapath: Datapath, program: Program, isForced: boolean): Promise<void>
}

export function openProgramLoader(file: RecordFile): ProgramLoader {
  return {
    async load(datapath, program, isForced) {
      const [{ bootId }, { generation }] = await Promise.all([
        datapath.describe(),
        datapath.counters(),
      ])
      const running = recordOf(bootId, generation, program)
      // Generation 0 is a datapath without a program.
      if (!isForced && generation > 0 && (await file.read()) === running) return
      const next = { ...program, generation: generation + 1 }
      await datapath.load(next)
      await file.write(recordOf(bootId, next.generation, program))
    },
  }
}

function recordOf(bootId: string, generation: number, program: Program): string {
  const text = JSON.stringify({ ...program, generation: 0 }, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  )
  const sha256 = createHash('sha256').update(text).digest('hex')
  return `${JSON.stringify({ bootId, generation, sha256 })}\n`
}
