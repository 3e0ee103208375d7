/**
 * A button that opens the form of an uplink or a peer, for pages that show how these are: what forms need is loaded when it is
 * pressed. Shown to those who may change the configuration.
 */
import type { ComponentType } from 'preact'
import { useState } from 'preact/hooks'
import { errorOf } from '../../live/call.ts'
import { may } from '../../live/session.ts'
import { status } from '../../live/status.ts'
import { Button } from '../../part/button.tsx'
import { showToast } from '../../part/toast.tsx'
import { peerFormText, uplinkFormText } from '../../text/en-uplink-form.ts'
import { EditButton } from './edit-button.tsx'
import type { EntryOpenerProps } from './entry-opener.tsx'

export interface EntryButtonProps {
  readonly section: 'uplinks' | 'peers'
  /** Null: a new one. */
  readonly name: string | null
}

export function EntryButton({ section, name }: EntryButtonProps) {
  const [Opener, setOpener] = useState<ComponentType<EntryOpenerProps> | null>(null)
  /** What it was opened for: the page may show another by then. */
  const [opened, setOpened] = useState<Pick<EntryButtonProps, 'name'> | null>(null)
  // The form stays with all that was typed, though others change the configuration meanwhile.
  const isShown = may('config.write') && (status.value?.pendingChange ?? null) === null
  const open = async (): Promise<void> => {
    try {
      const module = await import('./entry-opener.tsx')
      setOpener(() => module.EntryOpener)
      setOpened({ name })
    } catch (thrown) {
      showToast(errorOf(thrown).message, 'bad')
    }
  }
  const add = section === 'uplinks' ? uplinkFormText.add : peerFormText.add
  return (
    <>
      {isShown &&
        (name === null ? (
          <Button icon="plus" onClick={() => void open()}>
            {add}
          </Button>
        ) : (
          <EditButton name={name} onClick={() => void open()} />
        ))}
      {opened !== null && Opener !== null && (
        <Opener section={section} name={opened.name} onClose={() => setOpened(null)} />
      )}
    </>
  )
}
