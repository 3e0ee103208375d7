/** A sheet of paper with a heading: what belongs together on a page. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

export interface CardProps {
  readonly title?: ComponentChildren
  /** One sentence below the title. */
  readonly about?: ComponentChildren
  /** Buttons or a badge beside the title. */
  readonly actions?: ComponentChildren
  /** Without padding at its sides: for a table. */
  readonly isFlush?: boolean
  readonly class?: string
  readonly children?: ComponentChildren
}

export function Card({ title, about, actions, isFlush, class: more = '', children }: CardProps) {
  const id = useId()
  return (
    <section class={`card ${more}`} {...(title === undefined ? {} : { 'aria-labelledby': id })}>
      {(title !== undefined || actions !== undefined) && (
        <header class="card-head">
          <div>
            {title !== undefined && <h2 id={id}>{title}</h2>}
            {about !== undefined && <p class="card-about">{about}</p>}
          </div>
          {actions}
        </header>
      )}
      <div class={isFlush ? 'card-body is-flush' : 'card-body'}>{children}</div>
    </section>
  )
}
