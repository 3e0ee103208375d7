/** How uplinks or peers were over a span that can be chosen: read from the box, and for the last minutes gone on with live. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { HistoryOfName, HistorySpan } from '../../firmware/model/local-api-history.ts'
import { CallFailure, call } from './call.ts'
import { gaps } from './live.ts'
import { samples, turns } from './samples.ts'
import { type Subject, type Timeline, timelineOf } from './timeline.ts'

/** As often a span is read again as there is a new point, and not more often than this. */
const leastMs = 20_000
/** Of more, lines cannot be told apart. */
const mostNames = 6

export function useTimeline(
  subject: Subject,
  allNames: readonly string[],
  span: HistorySpan,
): Timeline {
  const names = allNames.slice(0, mostNames)
  const histories = useSignal<ReadonlyMap<string, HistoryOfName>>(new Map())
  const key = names.join('\n')
  // What was not heard, the box has kept; a clock that went back makes what is here one of another time.
  const reads = gaps.value + turns.value
  const asked = useRef('')

  useEffect(() => {
    let isOver = false
    let isWhole = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const later = (stepSeconds: number): void => {
      // The last minutes go on by what is heard.
      if ((span === 'minutes' && isWhole) || isOver) return
      timer = setTimeout(() => void read(), Math.max(leastMs, stepSeconds * 1000))
    }
    const read = async (): Promise<void> => {
      if (document.hidden && histories.peek().size > 0) return later(0)
      const found = new Map<string, HistoryOfName>()
      let failures = 0
      for (const name of names) {
        const path = `/history/${subject}/${encodeURIComponent(name)}/${span}`
        try {
          found.set(name, await call<HistoryOfName>('GET', path))
        } catch (thrown) {
          // Of what is new nothing was kept. All else is asked for again.
          if (!(thrown instanceof CallFailure) || thrown.status !== 404) failures++
        }
      }
      if (isOver) return
      isWhole = failures === 0
      if (isWhole || histories.peek().size === 0) histories.value = found
      later(found.values().next().value?.stepSeconds ?? 0)
    }
    const question = `${subject} ${span} ${key}`
    if (asked.current !== question) histories.value = new Map()
    asked.current = question
    void read()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [subject, key, span, reads])
  return timelineOf(names, histories.value, span === 'minutes' ? samples.value : [], subject)
}
