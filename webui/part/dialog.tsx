/** A question or a form above the page: the browser's own modal dialog, which keeps focus inside and gives it back. */
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { frameText } from '../text/en.ts'
import { Button } from './button.tsx'
import { focusAgain } from './focus.ts'

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
  const heading = useRef<HTMLHeadingElement>(null)
  /** Whoever closes it by a button knows it already. */
  const closesItself = useRef(false)
  const id = useId()
  useLayoutEffect(() => {
    const dialog = element.current
    if (dialog === null || !isOpen) return
    closesItself.current = false
    dialog.showModal()
    const first = dialog.querySelector<HTMLElement>(fields) ?? heading.current
    first?.focus()
    // Before it leaves the page, too: only a dialog that is closed gives the focus back.
    return () => {
      closesItself.current = true
      dialog.close()
      focusAgain()
    }
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
      onClose={() => {
        if (!closesItself.current && element.current?.open !== true) onClose()
      }}
    >
      {isOpen && (
        <>
          <header class="dialog-head">
            <h2 id={id} ref={heading} tabIndex={-1}>
              {title}
            </h2>
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

const fields = '.dialog-body :is(input, select, textarea):not(:disabled)'
