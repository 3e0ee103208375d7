/** Short words about what was just done: they go by themselves, save what went wrong. At most three at once. */
import { signal } from '@preact/signals'
import { frameText } from '../text/en.ts'
import { Button } from './button.tsx'
import { Notice } from './notice.tsx'
import type { Tone } from './tone.ts'

interface ToastAction {
  readonly label: string
  readonly onClick: () => void
}

interface Toast {
  readonly number: number
  readonly tone: Tone
  readonly text: string
  readonly action: ToastAction | null
}

const most = 3
const shownMs = 6_000
/** Of one with something to press. */
const offeredMs = 20_000
const toasts = signal<readonly Toast[]>([])
let lastNumber = 0

export function showToast(
  text: string,
  tone: Tone = 'good',
  action: ToastAction | null = null,
): void {
  const number = ++lastNumber
  toasts.value = [...toasts.value, { number, tone, text, action }].slice(-most)
  if (tone !== 'bad') setTimeout(() => drop(number), action === null ? shownMs : offeredMs)
}

export function Toasts() {
  return (
    <div class="toasts" aria-live="polite">
      {toasts.value.map(({ number, tone, text, action }) => (
        <Notice
          key={number}
          tone={tone}
          actions={
            <>
              {action !== null && (
                <Button
                  isSmall
                  onClick={() => {
                    drop(number)
                    action.onClick()
                  }}
                >
                  {action.label}
                </Button>
              )}
              <Button
                kind="quiet"
                icon="close"
                label={frameText.close}
                isSmall
                onClick={() => drop(number)}
              />
            </>
          }
        >
          {text}
        </Notice>
      ))}
    </div>
  )
}

function drop(number: number): void {
  toasts.value = toasts.value.filter((toast) => toast.number !== number)
}
