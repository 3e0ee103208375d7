/** The figures of the last ten minutes, a second each, as the stream tells them. Kept while the page is open. */
import { signal } from '@preact/signals'
import type { LiveFigures, SampleEvent } from '../../firmware/model/local-api-history.ts'
import { onEvent } from './live.ts'
import type { Subject } from './timeline.ts'

const most = 600
export const samples = signal<readonly SampleEvent[]>([])

/** Grows when the box's clock was set back: what was heard before is of no time that comes. */
export const turns = signal(0)

onEvent((event) => {
  if (event.kind !== 'sample') return
  const last = samples.peek().at(-1)
  if (last !== undefined && event.atSeconds < last.atSeconds) {
    samples.value = [event]
    turns.value++
  } else samples.value = [...samples.peek().slice(1 - most), event]
})

/** Of this second; null before the first sample. */
export function liveOf(subject: Subject, name: string): LiveFigures | null {
  return samples.value.at(-1)?.[subject].find((figures) => figures.name === name) ?? null
}
