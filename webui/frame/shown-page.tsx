/** Loads the page that the route names, once, and shows it; or says why it cannot be shown. */
import type { ComponentType } from 'preact'
import { Component, type ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { may } from '../live/session.ts'
import type { PageEntry } from '../page/page.ts'
import { pages } from '../page/pages.ts'
import { Button } from '../part/button.tsx'
import { Empty } from '../part/empty.tsx'
import { Loading } from '../part/loading.tsx'
import { frameText } from '../text/en.ts'

const loaded = new Map<string, ComponentType>()

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
  return <LoadedPage entry={entry} />
}

function LoadedPage({ entry }: { readonly entry: PageEntry }) {
  const [, again] = useState(0)
  const [isFailed, setFailed] = useState(false)
  const Page = loaded.get(entry.path)
  useEffect(() => {
    if (loaded.has(entry.path)) return
    entry.load().then(
      (module) => {
        loaded.set(entry.path, module.Page)
        again((count) => count + 1)
      },
      () => setFailed(true),
    )
  }, [entry])
  if (isFailed) return <Failed />
  if (Page === undefined) return <Loading />
  return (
    <Guard>
      <Page />
    </Guard>
  )
}

/** A page that breaks does not take the frame with it. */
class Guard extends Component<{ readonly children: ComponentChildren }, { isBroken: boolean }> {
  override state = { isBroken: false }

  override componentDidCatch(error: unknown): void {
    console.error(error)
    this.setState({ isBroken: true })
  }

  render() {
    return this.state.isBroken ? <Failed /> : this.props.children
  }
}

function Failed() {
  const { title, text, reload } = frameText.failed
  return (
    <Said title={title} text={text}>
      <Button icon="refresh" onClick={() => location.reload()}>
        {reload}
      </Button>
    </Said>
  )
}

interface SaidProps {
  readonly title: string
  readonly text: string
  readonly children?: ComponentChildren
}

function Said({ title, text, children }: SaidProps) {
  return (
    <>
      <h1 class="unseen">{title}</h1>
      <Empty icon="info" title={title}>
        <p>{text}</p>
        {children}
      </Empty>
    </>
  )
}
