/** From a box that nobody has used to one that forwards: a password, an owner, a way to the Internet. */
import { goTo, route } from '../../live/route.ts'
import { session } from '../../live/session.ts'
import { Icon, Mark } from '../../part/icon.tsx'
import { frameText } from '../../text/en.ts'
import { firstRunText } from '../../text/en-first-run.ts'
import { DoneStep } from './done-step.tsx'
import { InternetStep } from './internet-step.tsx'
import { OwnerStep } from './owner-step.tsx'
import { PasswordStep } from './password-step.tsx'
import { after, type Step, stepOf, steps } from './steps.ts'
import './first-run.css'

/** The route's first part, for whoever is signed in: app.tsx. */
const firstRunPath = 'set-up'

export function Page() {
  const [, wanted] = route.value
  const { value } = session
  const step = stepOf(value.kind === 'signed-in', wanted)
  const next = (): void => goTo(firstRunPath, after(step))
  return (
    <main class="alone first-run">
      <div class="alone-box">
        <p class="mark">
          <Mark />
          <span class="mark-name">{frameText.product}</span>
        </p>
        <Steps shown={step} />
        {step === 'password' && (
          <PasswordStep
            needsCode={value.kind === 'first-run' && value.needsSetupCode}
            onDone={next}
          />
        )}
        {step === 'owner' && <OwnerStep onDone={next} />}
        {step === 'internet' && <InternetStep onDone={next} />}
        {step === 'done' && <DoneStep />}
      </div>
    </main>
  )
}

function Steps({ shown }: { readonly shown: Step }) {
  const at = steps.indexOf(shown)
  return (
    <ol class="steps" aria-label={firstRunText.stepsLabel}>
      {steps.map((step, index) => (
        <li
          key={step}
          class={index < at ? 'is-past' : ''}
          aria-current={step === shown ? 'step' : undefined}
        >
          <span class="step-dot">{index < at ? <Icon name="check" size={14} /> : index + 1}</span>
          {firstRunText.steps[step]}
        </li>
      ))}
    </ol>
  )
}
