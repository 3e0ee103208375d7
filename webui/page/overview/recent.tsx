/** What happened of late, in words, newest first; goes on as the box tells more. */
import { useSignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import type {
  EventSeverity,
  RecentEvent,
  RecentEventsAnswer,
} from '../../../firmware/model/local-api-recent.ts'
import { useAnswer } from '../../live/answer.ts'
import { onEvent } from '../../live/live.ts'
import { Answer } from '../../part/answer.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Empty } from '../../part/empty.tsx'
import { Icon } from '../../part/icon.tsx'
import { type Tone, toneIcons } from '../../part/tone.ts'
import { overviewText } from '../../text/en-overview.ts'
import { moment, sentence } from '../../text/format.ts'
import './recent.css'

const tones: Readonly<Record<EventSeverity, Tone>> = {
  good: 'good',
  info: 'idle',
  warning: 'warn',
  bad: 'bad',
}
const step = 8
const text = overviewText.events

export function Recent() {
  const told = useAnswer<RecentEventsAnswer>('/events/recent')
  const newer = useSignal<ReadonlyMap<number, RecentEvent>>(new Map())
  const [count, setCount] = useState(step)
  useEffect(
    () =>
      onEvent((event) => {
        if (event.kind !== 'told') return
        newer.value = new Map(
          [...newer.value, [event.event.number, event.event] as const].slice(-50),
        )
      }),
    [],
  )
  // One that has gone on is told again by the same number.
  const all = new Map(told.value?.events.map((event) => [event.number, event]))
  for (const [number, event] of newer.value) {
    const known = all.get(number)
    if (known === undefined || known.times <= event.times) all.set(number, event)
  }
  const events = [...all.values()].toSorted((one, other) => other.atSeconds - one.atSeconds)
  return (
    <Card title={text.title}>
      <Answer of={told}>
        {() =>
          events.length === 0 ? (
            <Empty icon="clock" title={text.none}>
              <p>{text.noneAbout}</p>
            </Empty>
          ) : (
            <ol class="recent">
              {events.slice(0, count).map((event) => (
                <Told key={event.number} event={event} />
              ))}
            </ol>
          )
        }
      </Answer>
      {told.value !== null && events.length > count && (
        <Button kind="quiet" isSmall icon="open" onClick={() => setCount(count + 4 * step)}>
          {text.more}
        </Button>
      )}
    </Card>
  )
}

function Told({ event }: { readonly event: RecentEvent }) {
  const { severity, sentence: words, subject, atSeconds, times, sinceSeconds } = event
  const tone = tones[severity]
  const now = new Date()
  const at = new Date(atSeconds * 1000)
  const since = moment(new Date(sinceSeconds * 1000), now)
  return (
    <li class={`recent-event is-${tone}`}>
      <time dateTime={at.toISOString()}>{moment(at, now)}</time>
      <Icon name={toneIcons[tone]} size={16} />
      <span>
        {sentence(words, subject === null ? [] : [subject])}{' '}
        {times > 1 && <span class="quiet">{text.times(times, since)}</span>}
      </span>
    </li>
  )
}
