/** Where in the UI somebody is: `#/peers/lisbon` as a signal. Links are plain ones. */
import { computed, signal } from '@preact/signals'

const hash = signal(location.hash)
addEventListener('hashchange', () => {
  hash.value = location.hash
})

/** `['peers', 'lisbon']`; empty: the first page. */
export const route = computed<readonly string[]>(() =>
  hash.value
    .replace(/^#?\/?/, '')
    .split('?')[0]!
    .split('/')
    .filter(Boolean)
    .map(decode),
)

/** What stands behind `?` in the hash: what a page was asked to begin with. */
export const query = computed(() => new URLSearchParams(hash.value.split('?')[1] ?? ''))

export function linkTo(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`
}

export function goTo(...parts: readonly string[]): void {
  location.hash = linkTo(...parts)
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
