/** Decides what is shown: the first run, signing in, or the frame with a page in it. */
import { useEffect } from 'preact/hooks'
import { Frame } from './frame/frame.tsx'
import { IdleDialog } from './frame/idle-dialog.tsx'
import { Lazy } from './frame/lazy.tsx'
import { entryOf } from './frame/shown-page.tsx'
import { startIdle } from './live/idle.ts'
import { startLive } from './live/live.ts'
import { route } from './live/route.ts'
import { loadSession, session } from './live/session.ts'
import { SignIn } from './page/sign-in/sign-in.tsx'
import { Button } from './part/button.tsx'
import { Empty } from './part/empty.tsx'
import { FreshDialog } from './part/fresh.tsx'
import { Loading } from './part/loading.tsx'
import { Toasts } from './part/toast.tsx'
import { frameText } from './text/en.ts'

/** Once in a box's life: it is no part of what everybody loads. */
const loadFirstRun = () => import('./page/first-run/first-run.tsx')
const askAgainMs = 3_000

export function App() {
  const { kind } = session.value
  useEffect(() => {
    void loadSession()
    // While the box says who is signed in, the page that was asked for is on its way.
    void entryOf(route.peek()[0] ?? '')?.load()
  }, [])
  useEffect(() => {
    if (kind === 'signed-in') {
      const ends = [startLive(), startIdle()]
      return () => {
        for (const end of ends) end()
      }
    }
    if (kind !== 'unreachable' && kind !== 'still-in') return
    const timer = setInterval(() => void loadSession(), askAgainMs)
    return () => clearInterval(timer)
  }, [kind])
  const isSettingUp = kind === 'first-run' || route.value[0] === 'set-up'
  return (
    <>
      {isSettingUp && (kind === 'first-run' || kind === 'signed-in') ? (
        <Lazy name="first-run" load={loadFirstRun} />
      ) : (
        <Shown kind={kind} />
      )}
      <FreshDialog />
      <IdleDialog />
      <Toasts />
    </>
  )
}

function Shown({ kind }: { readonly kind: (typeof session.value)['kind'] }) {
  switch (kind) {
    case 'loading':
    case 'leaving':
      return (
        <main class="alone">
          <Loading />
        </main>
      )
    case 'unreachable':
      return <Unanswered {...frameText.unreachable} />
    case 'still-in':
      return <Unanswered {...frameText.stillIn} />
    case 'first-run':
      return null
    case 'signed-out':
      return <SignIn />
    case 'signed-in':
      return <Frame />
  }
}

interface UnansweredProps {
  readonly title: string
  readonly text: string
  readonly retry: string
}

function Unanswered({ title, text, retry }: UnansweredProps) {
  return (
    <main class="alone">
      <h1 class="unseen">{title}</h1>
      <Empty icon="bad" title={title}>
        <p>{text}</p>
        <Button icon="refresh" onClick={() => void loadSession()}>
          {retry}
        </Button>
      </Empty>
    </main>
  )
}
