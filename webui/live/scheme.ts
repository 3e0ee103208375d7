/** Light, dark, or as the system prefers: kept in this browser. */
import { effect, signal } from '@preact/signals'

export const schemes = ['auto', 'light', 'dark'] as const
export type Scheme = (typeof schemes)[number]

const key = 'causeway.scheme'
const prefersDark = matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = signal(prefersDark.matches)
prefersDark.addEventListener('change', ({ matches }) => {
  systemIsDark.value = matches
})

export const scheme = signal<Scheme>(saved())

/** What is shown now: charts draw their colours from the style sheet anew when it changes. */
export function isDark(): boolean {
  return scheme.value === 'auto' ? systemIsDark.value : scheme.value === 'dark'
}

effect(() => {
  const { value } = scheme
  if (value === 'auto') document.documentElement.removeAttribute('data-scheme')
  else document.documentElement.setAttribute('data-scheme', value)
  try {
    localStorage.setItem(key, value)
  } catch {
    // A browser that keeps nothing: it is as the system prefers next time.
  }
})

function saved(): Scheme {
  try {
    const value = localStorage.getItem(key)
    return schemes.find((one) => one === value) ?? 'auto'
  } catch {
    return 'auto'
  }
}
