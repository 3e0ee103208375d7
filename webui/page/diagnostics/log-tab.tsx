/** Log: the gateway's last lines, newest first, followed while the tab is open; found by level, area and words. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type LogAnswer, type LogLine, logAreas } from '../../../firmware/model/local-api-log.ts'
import { type CallError, call, errorOf } from '../../live/call.ts'
import { Badge } from '../../part/badge.tsx'
import { Button } from '../../part/button.tsx'
import { Card } from '../../part/card.tsx'
import { Choice } from '../../part/choice.tsx'
import { Empty } from '../../part/empty.tsx'
import { SelectField, TextField } from '../../part/field.tsx'
import { Loading } from '../../part/loading.tsx'
import { ErrorNotice } from '../../part/notice.tsx'
import type { Tone } from '../../part/tone.ts'
import { diagnosticsText } from '../../text/en-diagnostics.ts'
import { count, moment } from '../../text/format.ts'
import { addLines, fitsLine, type LogWanted } from './log-find.ts'

const text = diagnosticsText.log
const lookMs = 2_000
/** Of those that fit; more are no help to an eye. */
const mostShown = 300
const tones: Readonly<Record<LogLine['level'], Tone>> = { info: 'idle', warn: 'warn', error: 'bad' }
const levels = ['all', 'warn', 'error'] as const

export function LogTab() {
  const lines = useSignal<readonly LogLine[] | null>(null)
  const error = useSignal<CallError | null>(null)
  const isPaused = useSignal(false)
  const wanted = useSignal<LogWanted>({ level: 'all', area: '', words: '' })
  const set = (change: Partial<LogWanted>): void => {
    wanted.value = { ...wanted.value, ...change }
  }
  const isAsking = useRef(false)
  const look = async (): Promise<void> => {
    if (isAsking.current || document.hidden) return
    isAsking.current = true
    try {
      const newest = lines.value?.[0]?.number
      const path = newest === undefined ? '/log' : `/log/after/${newest}`
      const answer = await call<LogAnswer>('GET', path)
      lines.value = addLines(lines.value ?? [], answer.lines)
      error.value = null
    } catch (thrown) {
      error.value = errorOf(thrown)
    } finally {
      isAsking.current = false
    }
  }
  useEffect(() => {
    if (isPaused.value) return
    void look()
    const timer = setInterval(() => void look(), lookMs)
    return () => clearInterval(timer)
  }, [isPaused.value])
  const all = lines.value ?? []
  const found = all.filter((line) => fitsLine(line, wanted.value))
  return (
    <div class="diagnose-stack">
      <ErrorNotice error={error.value} />
      <Card
        title={text.title}
        about={text.about}
        actions={
          <Button
            icon={isPaused.value ? 'play' : 'clock'}
            isSmall
            onClick={() => {
              isPaused.value = !isPaused.value
            }}
          >
            {isPaused.value ? text.follow : text.pause}
          </Button>
        }
      >
        <div class="log-find">
          <Choice
            label={text.level}
            value={wanted.value.level}
            options={levels.map((one) => [one, text.levels[one]] as const)}
            onChange={(level) => set({ level })}
          />
          <SelectField
            label={text.area}
            value={wanted.value.area}
            options={[['', text.areaAll], ...logAreas.map((one) => [one as string, one] as const)]}
            onInput={(area) => set({ area })}
          />
          <TextField
            label={text.find}
            value={wanted.value.words}
            onInput={(words) => set({ words })}
          />
        </div>
        {lines.value === null && error.value === null && <Loading />}
        {lines.value !== null && found.length === 0 && (
          <Empty icon="search" title={text.none}>
            <p>{text.noneText}</p>
          </Empty>
        )}
        <ol class="log-lines">
          {found.slice(0, mostShown).map((line) => (
            <Line key={line.number} line={line} />
          ))}
        </ol>
        {lines.value !== null && (
          <p class="quiet small">
            {text.shown(count(Math.min(found.length, mostShown)), count(all.length))}
          </p>
        )}
      </Card>
    </div>
  )
}

function Line({ line }: { readonly line: LogLine }) {
  const { time, level, area, message, fields } = line
  const at = new Date(time)
  return (
    <li class={`log-line is-${tones[level]}`}>
      <time class="log-time" dateTime={time}>
        {Number.isNaN(at.getTime()) ? '–' : moment(at, new Date())}
      </time>
      {level === 'info' ? (
        <span class="log-level">{text.words.info}</span>
      ) : (
        <Badge tone={tones[level]}>{text.words[level]}</Badge>
      )}
      <span class="log-area">{area}</span>
      <span class="log-said">
        {message}
        {Object.entries(fields).map(([name, value]) => (
          <span key={name} class="log-field">
            <span class="quiet">{name}</span> {value}
          </span>
        ))}
      </span>
    </li>
  )
}
