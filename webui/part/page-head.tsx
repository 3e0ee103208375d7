/** The top of each page: its one `h1`, a sentence, and what can be done with all of it. */
import type { ComponentChildren } from 'preact'

export interface PageHeadProps {
  readonly title: ComponentChildren
  readonly about?: ComponentChildren
  readonly actions?: ComponentChildren
}

export function PageHead({ title, about, actions }: PageHeadProps) {
  return (
    <header class="page-head">
      <div>
        <h1>{title}</h1>
        {about !== undefined && <p>{about}</p>}
      </div>
      {actions !== undefined && <div class="actions">{actions}</div>}
    </header>
  )
}
