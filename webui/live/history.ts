/** How uplinks or peers were over a span that can be chosen: read from the box, and for the last minutes gone on with live. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { HistoryOfName, HistorySpan } from '../../firmware/model/local-api-history.ts'
import { call } from './call.ts'
import { samples } from './samples.ts'
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

  useEffect(() => {
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const later = (stepSeconds: number): void => {
      // The last minutes go on by what is heard.
      if (span === 'minutes' || isOver) return
      timer = setTimeout(() => void read(), Math.max(leastMs, stepSeconds * 1000))
    }
    const read = async (): Promise<void> => {
      if (document.hidden && histories.peek().size > 0) return later(0)
      const found = new Map<string, HistoryOfName>()
      for (const name of names) {
        const path = `/history/${subject}/${encodeURIComponent(name)}/${span}`
        const history = await call<HistoryOfName>('GET', path).catch(() => null)
        if (history !== null) found.set(name, history)
      }
      if (isOver) return
      histories.value = found
      later(found.values().next().value?.stepSeconds ?? 0)
    }
    histories.value = new Map()
    void read()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [subject, key, span])
  return timelineOf(names, histories.value, span === 'minutes' ? samples.value : [], subject)
}
