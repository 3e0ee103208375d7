/** The figures of the last ten minutes, a second each, as the stream tells them. Kept while the page is open. */
import { signal } from '@preact/signals'
import type { LiveFigures, SampleEvent } from '../../firmware/model/local-api-history.ts'
import { onEvent } from './live.ts'
import type { Subject } from './timeline.ts'

const most = 600
export const samples = signal<readonly SampleEvent[]>([])

onEvent((event) => {
  if (event.kind === 'sample') samples.value = [...samples.value.slice(1 - most), event]
})

/** Of this second; null before the first sample. */
export function liveOf(subject: Subject, name: string): LiveFigures | null {
  return samples.value.at(-1)?.[subject].find((figures) => figures.name === name) ?? null
}
