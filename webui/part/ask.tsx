/** A last question before what cannot be taken back: a word must be typed where it is grave. */
import { useState } from 'preact/hooks'
import type { CallError } from '../live/call.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { TextField } from './field.tsx'
import { ErrorNotice } from './notice.tsx'

export interface AskProps {
  readonly isOpen: boolean
  readonly title: string
  readonly text: string
  /** Of the button that does it. */
  readonly submit: string
  readonly cancel: string
  /** To be typed, with the label of its field; without it, a press will do. */
  readonly typed?: { readonly word: string; readonly label: string }
  readonly isDanger?: boolean
  readonly isBusy: boolean
  readonly error: CallError | null
  readonly onSubmit: () => void
  readonly onClose: () => void
}

export function Ask(props: AskProps) {
  const { isOpen, title, text, submit, cancel, typed, isDanger, isBusy, error } = props
  const [word, setWord] = useState('')
  const isTyped = typed === undefined || word.trim() === typed.word
  const close = (): void => {
    setWord('')
    props.onClose()
  }
  return (
    <Dialog
      isOpen={isOpen}
      title={title}
      onClose={close}
      onSubmit={() => {
        if (isTyped && !isBusy) props.onSubmit()
      }}
      actions={
        <>
          <Button onClick={close}>{cancel}</Button>
          <Button
            kind={isDanger ? 'danger' : 'primary'}
            type="submit"
            isBusy={isBusy}
            isDisabled={!isTyped}
          >
            {submit}
          </Button>
        </>
      }
    >
      <p>{text}</p>
      {typed !== undefined && (
        <TextField label={typed.label} value={word} onInput={setWord} isMono maxLength={64} />
      )}
      <ErrorNotice error={error} />
    </Dialog>
  )
}
