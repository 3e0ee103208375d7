/** A question or a form above the page: the browser's own modal dialog, which keeps focus inside and gives it back. */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { frameText } from '../text/en.ts'
import { Button } from './button.tsx'

export interface DialogProps {
  readonly isOpen: boolean
  readonly title: string
  readonly onClose: () => void
  /** Buttons at its foot; the main one last. */
  readonly actions?: ComponentChildren
  readonly isWide?: boolean
  /** Makes it a form: Enter does what its submit button does. */
  readonly onSubmit?: () => void
  readonly children: ComponentChildren
}

export function Dialog(props: DialogProps) {
  const { isOpen, title, onClose, actions, isWide, onSubmit, children } = props
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = element.current
    if (dialog === null) return
    if (isOpen && !dialog.open) dialog.showModal()
    if (!isOpen && dialog.open) dialog.close()
  }, [isOpen])

  const inside = (
    <>
      <div class="dialog-body">{children}</div>
      {actions !== undefined && <footer class="dialog-foot">{actions}</footer>}
    </>
  )
  return (
    <dialog
      ref={element}
      class={isWide ? 'dialog is-wide' : 'dialog'}
      aria-labelledby={id}
      onClose={onClose}
    >
      {isOpen && (
        <>
          <header class="dialog-head">
            <h2 id={id}>{title}</h2>
            <Button kind="quiet" icon="close" label={frameText.close} isSmall onClick={onClose} />
          </header>
          {onSubmit === undefined ? (
            inside
          ) : (
            <form
              onSubmit={(event) => {
                event.preventDefault()
                onSubmit()
              }}
            >
              {inside}
            </form>
          )}
        </>
      )}
    </dialog>
  )
}
