/** What a route of the box answers, for a page: read when the page shows, when something changes, and every so often. */
import { type ReadonlySignal, useSignal, useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type CallError, call, errorOf } from './call.ts'
import { changes } from './live.ts'

export interface Answered<Answer> {
  /** Null until it is there; kept while it is read again. */
  readonly value: Answer | null
  readonly error: CallError | null
  readonly reload: () => void
}

export interface AnswerOptions {
  readonly everyMs?: number
  /** Not read again when the box says that something is different. */
  readonly isSteady?: boolean
}

/** @param path below `/api/v1`; null: nothing is asked */
export function useAnswer<Answer>(
  path: string | null,
  { everyMs, isSteady = false }: AnswerOptions = {},
): Answered<Answer> {
  const value = useSignal<Answer | null>(null)
  const error = useSignal<CallError | null>(null)
  /**
   * Numbers of questions: `shown` is the one that what is shown answers, `ended` the newest that was answered or has failed. The
   * next may be asked before one is answered; what answers an older one is no news.
   */
  const turns = useRef({ asked: 0, shown: 0, ended: 0 })

  const reload = (): void => {
    if (path === null) return
    const its = turns.current
    const turn = ++its.asked
    const end = (failure: CallError | null): void => {
      if (turn < its.ended) return
      its.ended = turn
      error.value = failure
    }
    call<Answer>('GET', path).then(
      (answer) => {
        if (turn < its.shown) return
        its.shown = turn
        value.value = answer
        end(null)
      },
      (thrown: unknown) => end(errorOf(thrown)),
    )
  }
  // Another path is another question: the old answer is none.
  const latestPath = useRef(path)
  if (latestPath.current !== path) {
    latestPath.current = path
    value.value = null
    error.value = null
  }
  useEffect(() => {
    reload()
    const timer = everyMs === undefined ? undefined : setInterval(whenSeen(reload), everyMs)
    return () => {
      const none = turns.current.asked + 1
      turns.current = { asked: none, shown: none, ended: none }
      clearInterval(timer)
    }
  }, [path, everyMs])
  useOnChange(changes, () => {
    if (!isSteady) reload()
  })
  return { value: value.value, error: error.value, reload }
}

function whenSeen(action: () => void): () => void {
  return () => {
    if (!document.hidden) action()
  }
}

function useOnChange(count: ReadonlySignal<number>, action: () => void): void {
  const seen = useRef(count.peek())
  const latest = useRef(action)
  latest.current = action
  useSignalEffect(() => {
    const now = count.value
    if (now === seen.current) return
    seen.current = now
    latest.current()
  })
}
