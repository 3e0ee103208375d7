/** A test of the box, begun and followed until it is done: asking keeps it alive, so leaving the page ends it. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { RunAnswer, RunKind } from '../../../firmware/model/local-api-diagnose.ts'
import { type CallError, call, errorOf } from '../../live/call.ts'

const askMs = 500

export interface Followed {
  readonly run: RunAnswer | null
  readonly error: CallError | null
  readonly isRunning: boolean
  readonly begin: (kind: RunKind, body: object) => void
  readonly stop: () => void
}

export function useRun(): Followed {
  const run = useSignal<RunAnswer | null>(null)
  const error = useSignal<CallError | null>(null)
  const isBeginning = useSignal(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  /** Grows with each test that is begun, and when the page is left: an answer of another turn is of no use. */
  const turn = useRef(0)

  const follow = (answer: RunAnswer): void => {
    run.value = answer
    clearTimeout(timer.current)
    const { current: mine } = turn
    if (!answer.isDone) timer.current = setTimeout(() => void ask(answer.id, mine), askMs)
  }
  const ask = async (id: string, mine: number): Promise<void> => {
    try {
      const answer = await call<RunAnswer>('GET', `/diagnose/runs/${id}`)
      if (mine === turn.current) follow(answer)
    } catch (thrown) {
      if (mine === turn.current) error.value = errorOf(thrown)
    }
  }
  const end = async ({ id }: RunAnswer, mine: number): Promise<void> => {
    // One that cannot be stopped ends by itself once nobody asks for it.
    const answer = await call<RunAnswer>('POST', `/diagnose/runs/${id}/stop`).catch(() => null)
    if (answer !== null && mine === turn.current) follow(answer)
  }
  const stop = (): void => {
    const { value } = run
    if (value?.isDone === false) void end(value, turn.current)
    // One that is begun just now is stopped when the box has said which it is.
    else if (isBeginning.value) {
      turn.current++
      isBeginning.value = false
    }
  }
  const begin = async (kind: RunKind, body: object): Promise<void> => {
    stop()
    const mine = ++turn.current
    clearTimeout(timer.current)
    error.value = null
    run.value = null
    isBeginning.value = true
    try {
      const answer = await call<RunAnswer>('POST', `/diagnose/${kind}`, { body })
      if (mine === turn.current) follow(answer)
      else void end(answer, mine)
    } catch (thrown) {
      if (mine === turn.current) error.value = errorOf(thrown)
    } finally {
      if (mine === turn.current) isBeginning.value = false
    }
  }
  useEffect(
    () => () => {
      clearTimeout(timer.current)
      stop()
      turn.current++
    },
    [],
  )
  return {
    run: run.value,
    error: error.value,
    isRunning: isBeginning.value || run.value?.isDone === false,
    begin: (kind, body) => void begin(kind, body),
    stop,
  }
}
