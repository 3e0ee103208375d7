/** Shows the page that the route names, or says why it cannot be shown. */
import { may } from '../live/session.ts'
import type { PageEntry } from '../page/page.ts'
import { pages } from '../page/pages.ts'
import { frameText } from '../text/en.ts'
import { Lazy, Said } from './lazy.tsx'

export function entryOf(path: string): PageEntry | undefined {
  return pages.find((page) => page.path === path)
}

export function ShownPage({ path }: { readonly path: string }) {
  const entry = entryOf(path)
  if (entry === undefined) {
    const { title, text } = frameText.noPage
    return <Said title={title} text={text} />
  }
  if (!may(entry.needs)) {
    const { title, text } = frameText.forbidden
    return <Said title={title} text={text} />
  }
  return <Lazy name={entry.path} load={entry.load} />
}
