/** Short words about what was just done: they go by themselves, save what went wrong. At most three at once. */
import { signal } from '@preact/signals'
import { frameText } from '../text/en.ts'
import { Button } from './button.tsx'
import { Notice } from './notice.tsx'
import type { Tone } from './tone.ts'

interface Toast {
  readonly number: number
  readonly tone: Tone
  readonly text: string
}

const most = 3
const shownMs = 6_000
const toasts = signal<readonly Toast[]>([])
let lastNumber = 0

export function showToast(text: string, tone: Tone = 'good'): void {
  const number = ++lastNumber
  toasts.value = [...toasts.value, { number, tone, text }].slice(-most)
  if (tone !== 'bad') setTimeout(() => drop(number), shownMs)
}

export function Toasts() {
  return (
    <div class="toasts" aria-live="polite">
      {toasts.value.map(({ number, tone, text }) => (
        <Notice
          key={number}
          tone={tone}
          actions={
            <Button
              kind="quiet"
              icon="close"
              label={frameText.close}
              isSmall
              onClick={() => drop(number)}
            />
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
