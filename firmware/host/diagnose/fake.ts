/** `Tools` of a machine in memory, for tests: programs say what they are told to say, and hear what they are asked. */
import { CausewayError } from '../../model/errors.ts'
import type { Ended, Following } from '../system/follow.ts'
import { type LogRing, openLogRing } from '../system/log-ring.ts'
import type { ArchivePart } from './archive.ts'
import type { Door } from './door.ts'
import type { DiagnoseMachine } from './machine.ts'
import type { NameAnswer, NameQuestion, PageQuestion, Tools } from './tools.ts'

export interface FakeTools extends Tools {
  /** What was run, in order. */
  readonly calls: (readonly string[])[]
  /** Says what a program writes and how it ends; without it, nothing and 0. */
  program: (argv: readonly string[], following: Following) => Promise<Ended> | Ended
  names: (question: NameQuestion) => NameAnswer
  pages: (question: PageQuestion) => { readonly status: number; readonly to: string } | null
  /** Those that are open, and for how many seconds. */
  readonly doors: Map<Door, number>
  /** By device and address, `wan0 192.0.2.1`. */
  readonly neighbours: Map<string, string>
}

export function fakeTools(): FakeTools {
  const tools: FakeTools = {
    calls: [],
    program: () => ({ code: 0, said: '' }),
    names: () => ({ records: [], code: 'ENOTFOUND' }),
    pages: () => null,
    doors: new Map(),
    neighbours: new Map(),
    follow: async (argv, following) => {
      tools.calls.push(argv)
      return tools.program(argv, following)
    },
    ask: async (question) => tools.names(question),
    page: async (question) => tools.pages(question),
    neighbour: async (device, address) => tools.neighbours.get(`${device} ${address}`) ?? null,
    openDoor: async (door, seconds) => void tools.doors.set(door, seconds),
    closeDoor: async (door) => void tools.doors.delete(door),
  }
  return tools
}

export interface FakeMachine extends DiagnoseMachine {
  readonly tools: FakeTools
  readonly logRing: LogRing
  /** Recordings by id. */
  readonly files: Map<string, Buffer>
  said: readonly ArchivePart[]
}

export function fakeMachine(): FakeMachine {
  const files = new Map<string, Buffer>()
  const machine: FakeMachine = {
    tools: fakeTools(),
    logRing: openLogRing(),
    files,
    said: [],
    facts: async () => machine.said,
    captureFiles: {
      open: async (id) => {
        files.set(id, Buffer.alloc(0))
        return {
          write: (bytes) => void files.set(id, Buffer.concat([files.get(id)!, bytes])),
          close: () => {},
        }
      },
      read: async (id) => {
        const bytes = files.get(id)
        if (bytes !== undefined) return bytes
        throw new CausewayError('API_NOT_FOUND', 'there is no such recording any more')
      },
      remove: async (id) => void files.delete(id),
    },
  }
  return machine
}
