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
  const asked = useRef(0)
  /** What is shown answers this one; the next may be asked before it is answered, and an older one comes too late. */
  const shown = useRef(0)

  const reload = (): void => {
    if (path === null) return
    const turn = ++asked.current
    const show = (answer: Answer | null, failure: CallError | null): void => {
      if (turn < shown.current) return
      shown.current = turn
      if (answer !== null) value.value = answer
      error.value = failure
    }
    call<Answer>('GET', path).then(
      (answer) => show(answer, null),
      (thrown: unknown) => show(null, errorOf(thrown)),
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
      shown.current = ++asked.current
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
