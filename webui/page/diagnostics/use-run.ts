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
  const current = useRef('')

  const follow = (answer: RunAnswer): void => {
    run.value = answer
    current.current = answer.id
    clearTimeout(timer.current)
    if (!answer.isDone) timer.current = setTimeout(() => void ask(answer.id), askMs)
  }
  const ask = async (id: string): Promise<void> => {
    try {
      const answer = await call<RunAnswer>('GET', `/diagnose/runs/${id}`)
      if (id === current.current) follow(answer)
    } catch (thrown) {
      if (id === current.current) error.value = errorOf(thrown)
    }
  }
  const stop = (): void => {
    const { current: id } = current
    if (id !== '' && run.value?.isDone === false)
      void call<RunAnswer>('POST', `/diagnose/runs/${id}/stop`).then(follow, () => {})
  }
  const begin = async (kind: RunKind, body: object): Promise<void> => {
    error.value = null
    run.value = null
    isBeginning.value = true
    try {
      follow(await call<RunAnswer>('POST', `/diagnose/${kind}`, { body }))
    } catch (thrown) {
      error.value = errorOf(thrown)
    } finally {
      isBeginning.value = false
    }
  }
  useEffect(
    () => () => {
      clearTimeout(timer.current)
      stop()
      current.current = ''
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
