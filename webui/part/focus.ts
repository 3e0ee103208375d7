/** Where the keyboard goes on when what had the focus is gone: at what is going on, else at the page. */
import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** Of what waits for somebody, of the page, of a step of the first run. */
const places = ['.banners [tabindex="-1"]', '#main', 'h1[tabindex="-1"]']

/** Where nothing has the focus. */
export function focusAgain(): void {
  if (document.activeElement !== document.body && document.activeElement !== null) return
  for (const place of places) {
    const found = document.querySelector<HTMLElement>(place)
    if (found === null) continue
    found.focus({ preventScroll: true })
    return
  }
}

/** For what may go while it has the focus: a button whose press ends what it stands for. */
export function useFocusAgain<Kind extends HTMLElement>(): RefObject<Kind | null> {
  const element = useRef<Kind | null>(null)
  useLayoutEffect(() => {
    const held = element.current
    return () => {
      if (held === null || held !== document.activeElement) return
      // By then it has left the page.
      queueMicrotask(focusAgain)
    }
  }, [])
  return element
}
