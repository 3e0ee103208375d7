/** What stands around every page: navigation at the left or, on a phone, below; what is going on above; the page itself. */
import { useEffect, useRef } from 'preact/hooks'
import { stream } from '../live/live.ts'
import { route } from '../live/route.ts'
import { status } from '../live/status.ts'
import { frameText } from '../text/en.ts'
import { Banners } from './banners.tsx'
import { DraftBar } from './draft-bar.tsx'
import { Bar, Rail } from './navigation.tsx'
import { entryOf, ShownPage } from './shown-page.tsx'

export function Frame() {
  const main = useRef<HTMLElement>(null)
  const [first = '', second] = route.value
  const entry = entryOf(first)
  const one = entry?.isOfMany === true ? second : undefined
  const isFirst = useRef(true)
  const isUnwell = status.value?.isHealthy === false || stream.value === 'lost'
  useEffect(() => {
    const plain = [one, entry?.title, frameText.product].filter(Boolean).join(' · ')
    // In a row of tabs it is seen, too.
    document.title = isUnwell ? `⚠ ${plain}` : plain
  }, [first, one, isUnwell])
  // Whoever follows a link by keyboard or screen reader goes on in the page.
  useEffect(() => {
    if (isFirst.current) isFirst.current = false
    else {
      scrollTo(0, 0)
      main.current?.focus({ preventScroll: true })
    }
  }, [first, one])
  return (
    <div class="frame">
      {/* biome-ignore lint/a11y/useValidAnchor: a place in the page, while the hash names pages */}
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        {frameText.skip}
      </a>
      <Rail />
      <main id="main" class="main" tabIndex={-1} ref={main}>
        <Banners />
        <ShownPage key={first} path={first} />
        <DraftBar />
      </main>
      <Bar />
    </div>
  )
}
