/** Asks a box by HTTPS from a host of the lab, as fast as it is answered and without a browser (traffic/https-asker.ts). */
import { join } from 'node:path'
import type { Lab } from './lab.ts'
import type { Program } from './program.ts'

const program = join(import.meta.dirname, 'traffic/https-asker.ts')
const startTimeoutMs = 15_000
const answerTimeoutMs = 40_000
/** For whoever is asked with a longer silence. */
const graceMs = 10_000

export interface Question {
  readonly method?: string
  /** As it is sent: nothing is made of `..`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** By a connection of its own. */
  readonly isAlone?: boolean
  /** Of the addresses of that host. */
  readonly from?: string
  /** So long may nothing be heard; half a minute unless told. */
  readonly silenceMs?: number
  /** The headers alone: what they announce never comes. */
  readonly isUnfinished?: boolean
}

export interface Answer {
  /** Null: nobody answered, or broke off. */
  readonly status: number | null
  readonly headers: Readonly<Record<string, string>>
  /** Of its first 256 KB; why there is none. */
  readonly body: string
  readonly bytes: number
  readonly ms: number
}

export interface Asker extends AsyncDisposable {
  ask(question: Question): Promise<Answer>
}

export async function openAsker(lab: Lab, where: string, box: string): Promise<Asker> {
  const argv = [process.execPath, program, box]
  const running = lab.spawn(where, argv, { title: `asker at ${where}` })
  await running.line((line) => line.includes('"ready"'), startTimeoutMs)
  return askerOf(running)
}

function askerOf(running: Program): Asker {
  const waiting = new Map<number, (answer: Answer) => void>()
  let last = 0
  running.onLine((line) => {
    if (!line.startsWith('{"id"')) return
    const { id, ...answer } = JSON.parse(line) as Answer & { readonly id: number }
    waiting.get(id)?.(answer)
    waiting.delete(id)
  })
  return {
    ask: (question) => {
      const id = ++last
      const { promise, resolve, reject } = Promise.withResolvers<Answer>()
      const limitMs = Math.max(answerTimeoutMs, (question.silenceMs ?? 0) + graceMs)
      const timer = setTimeout(
        () => reject(new Error(`${question.path}: no answer in ${limitMs} ms`)),
        limitMs,
      )
      waiting.set(id, resolve)
      running.write(`${JSON.stringify({ id, ...question })}\n`)
      return promise.finally(() => clearTimeout(timer))
    },
    [Symbol.asyncDispose]: async () => {
      await running.stop()
    },
  }
}
