/** A test as it runs: what is so all together first, then each step as it comes. */
import type { RunAnswer, RunStep } from '../../../firmware/model/local-api-diagnose.ts'
import { Card } from '../../part/card.tsx'
import { Icon } from '../../part/icon.tsx'
import { Notice } from '../../part/notice.tsx'
import { type Tone, toneIcons } from '../../part/tone.ts'
import { diagnosticsText } from '../../text/en-diagnostics.ts'
import { delay } from '../../text/format.ts'
import './run-view.css'

const text = diagnosticsText.reach

const tones: Readonly<Record<RunStep['verdict'], Tone>> = {
  good: 'good',
  bad: 'bad',
  info: 'info',
  unknown: 'idle',
}

export function RunView({ run }: { readonly run: RunAnswer }) {
  const { kind, isDone, verdict, steps } = run
  return (
    <>
      {isDone && run.sentence !== null ? (
        <Notice tone={tones[verdict]} isLive>
          {run.sentence}
        </Notice>
      ) : (
        <p class="run-under-way" role="status">
          <span class="spinner" aria-hidden="true" />
          {run.sentence ?? text.running}
        </p>
      )}
      {steps.length > 0 && (
        <Card title={text.stepsShort}>
          <ol class="run-steps" aria-label={text.steps}>
            {steps.map((step, index) => (
              // Steps are only ever added.
              <Step key={index} step={step} before={text.numbers[kind]} />
            ))}
          </ol>
        </Card>
      )}
    </>
  )
}

function Step({ step, before }: { readonly step: RunStep; readonly before: string }) {
  const { verdict, number, address, seconds, remedy } = step
  const tone = tones[verdict]
  return (
    <li class={`run-step is-${tone}`}>
      <Icon name={toneIcons[tone]} size={18} />
      <span class="unseen">{text.verdicts[verdict]}: </span>
      {before !== '' && number !== null && (
        <span class="run-number">
          {before} {number}
        </span>
      )}
      <span class="run-said">
        {before !== '' && address !== null && !step.sentence.includes(address) && (
          <span class="mono">{address} </span>
        )}
        {step.sentence}
        {remedy !== null && <span class="run-remedy">{remedy}</span>}
      </span>
      {seconds !== null && <span class="run-time">{delay(seconds)}</span>}
    </li>
  )
}
