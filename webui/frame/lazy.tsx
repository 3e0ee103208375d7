/** Loads a page once and shows it; says so when it cannot be loaded, or breaks. */
import { Component, type ComponentChildren, type ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { PageModule } from '../page/page.ts'
import { Button } from '../part/button.tsx'
import { Empty } from '../part/empty.tsx'
import { Loading } from '../part/loading.tsx'
import { frameText } from '../text/en.ts'

const loaded = new Map<string, ComponentType>()

interface LazyProps {
  /** Each name is loaded once. */
  readonly name: string
  readonly load: () => Promise<PageModule>
}

export function Lazy({ name, load }: LazyProps) {
  const [, again] = useState(0)
  const [isFailed, setFailed] = useState(false)
  const Page = loaded.get(name)
  useEffect(() => {
    if (loaded.has(name)) return
    load().then(
      (module) => {
        loaded.set(name, module.Page)
        again((count) => count + 1)
      },
      () => setFailed(true),
    )
  }, [name])
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

export function Said({ title, text, children }: SaidProps) {
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
