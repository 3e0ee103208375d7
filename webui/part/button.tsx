/** What is pressed. While its work is under way it says so and takes no other press. */
import type { ComponentChildren } from 'preact'
import { useFocusAgain } from './focus.ts'
import { Icon } from './icon.tsx'
import type { IconName } from './icon-shapes.ts'

export interface ButtonProps {
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet'
  readonly icon?: IconName
  /** Of a button that shows its icon alone. */
  readonly label?: string
  readonly isSmall?: boolean
  readonly isBusy?: boolean
  readonly isDisabled?: boolean
  readonly type?: 'button' | 'submit'
  readonly onClick?: (event: MouseEvent) => void
  readonly children?: ComponentChildren
}

export function Button(props: ButtonProps) {
  const { kind = 'plain', icon, label, isSmall, isBusy, isDisabled, children, onClick } = props
  const isBare = children === undefined
  const element = useFocusAgain<HTMLButtonElement>()
  const classes = ['button', `is-${kind}`, isSmall ? 'is-small' : '', isBare ? 'is-bare' : '']
  return (
    <button
      ref={element}
      type={props.type ?? 'button'}
      class={classes.filter(Boolean).join(' ')}
      disabled={isDisabled === true}
      aria-disabled={isBusy === true}
      aria-busy={isBusy === true}
      aria-label={label}
      title={isBare ? label : undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault()
        else onClick?.(event)
      }}
    >
      {isBusy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  )
}
