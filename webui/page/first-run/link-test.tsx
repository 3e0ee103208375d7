/** The box's test of an uplink, from the plug outwards, as it runs. Asking keeps it alive: leaving ends it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { type CallError, call, errorOf } from '../../live/call.ts'
import { Icon } from '../../part/icon.tsx'
import { ErrorNotice, Notice } from '../../part/notice.tsx'
import { type Tone, toneIcons } from '../../part/tone.ts'
import { firstRunText } from '../../text/en-first-run.ts'

type Verdict = 'good' | 'bad' | 'info' | 'unknown'

interface LinkStep {
  readonly verdict: Verdict
  readonly sentence: string
  readonly remedy: string | null
}

/** POST /api/v1/diagnose/link, and GET /api/v1/diagnose/runs/:id until it is done. */
export interface LinkRun {
  readonly id: string
  readonly isDone: boolean
  readonly verdict: Verdict
  readonly sentence: string | null
  readonly steps: readonly LinkStep[]
}

const askMs = 500
const tones: Readonly<Record<Verdict, Tone>> = {
  ...{ good: 'good', bad: 'bad', info: 'info', unknown: 'idle' },
}

export interface LinkTest {
  readonly run: LinkRun | null
  readonly error: CallError | null
  readonly isRunning: boolean
  readonly begin: () => void
}

/** Begins by itself when it is there, or another uplink is chosen. Null: none is. */
export function useLinkTest(uplink: string | null): LinkTest {
  const [run, setRun] = useState<LinkRun | null>(null)
  const [error, setError] = useState<CallError | null>(null)
  const [isRunning, setRunning] = useState(false)
  const turn = useRef(0)

  const begin = async (): Promise<void> => {
    if (uplink === null) return
    const own = ++turn.current
    setRun(null)
    setError(null)
    setRunning(true)
    try {
      let answer = await call<LinkRun>('POST', '/diagnose/link', { body: { uplink } })
      while (own === turn.current) {
        setRun(answer)
        if (answer.isDone) break
        await new Promise((resolve) => setTimeout(resolve, askMs))
        answer = await call<LinkRun>('GET', `/diagnose/runs/${answer.id}`)
      }
    } catch (thrown) {
      if (own === turn.current) setError(errorOf(thrown))
    } finally {
      if (own === turn.current) setRunning(false)
    }
  }
  useEffect(() => {
    void begin()
    return () => {
      turn.current++
    }
  }, [uplink])
  return { run, error, isRunning, begin: () => void begin() }
}

export function LinkTestView({ test: { run, error, isRunning } }: { readonly test: LinkTest }) {
  return (
    <div class="stack" aria-busy={isRunning}>
      {run !== null && run.steps.length > 0 && (
        <ol class="link-steps">
          {run.steps.map((step) => (
            <li key={step.sentence} class={`link-step is-${tones[step.verdict]}`}>
              <Icon name={toneIcons[tones[step.verdict]]} />
              <span>
                {step.sentence} {step.remedy !== null && <span class="quiet">{step.remedy}</span>}
              </span>
            </li>
          ))}
        </ol>
      )}
      {isRunning && (
        <p class="quiet" role="status">
          <span class="spinner is-inline" aria-hidden="true" /> {firstRunText.internet.testing}
        </p>
      )}
      {run?.isDone === true && run.sentence !== null && (
        <Notice tone={tones[run.verdict]} isLive>
          {run.sentence}
        </Notice>
      )}
      <ErrorNotice error={error} />
    </div>
  )
}
