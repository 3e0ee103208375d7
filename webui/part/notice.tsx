/** Something that wants to be read: what is wrong, or what is going on. `isLive` says it to screen readers when it appears. */
import type { ComponentChildren } from 'preact'
import type { CallError } from '../live/call.ts'
import { sentence } from '../text/format.ts'
import { Icon } from './icon.tsx'
import { type Tone, toneIcons } from './tone.ts'

export interface NoticeProps {
  readonly tone?: Tone
  readonly title?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly isLive?: boolean
  /** Takes the focus of what it came of: focus.ts. */
  readonly isFocusable?: boolean
  readonly children?: ComponentChildren
}

export function Notice(props: NoticeProps) {
  const { tone = 'info', title, actions, isLive, isFocusable, children } = props
  const role = isLive ? (tone === 'bad' ? 'alert' : 'status') : undefined
  return (
    <div class={`notice is-${tone}`} role={role} tabIndex={isFocusable ? -1 : undefined}>
      <Icon name={toneIcons[tone]} />
      <div>
        {title !== undefined && <strong>{title}</strong>} {children}
      </div>
      {actions !== undefined && <div class="notice-actions">{actions}</div>}
    </div>
  )
}

/** Why the box refused, in its own words, with its code. Null: nothing. */
export function ErrorNotice({ error }: { readonly error: CallError | null }) {
  if (error === null) return null
  const more = (error.errors ?? []).slice(1, 6)
  return (
    <Notice tone="bad" isLive>
      {sentence(error.message)} <code class="quiet">{error.code}</code>
      {more.map(({ code, message, path }) => (
        <p key={`${code}${path}`} class="small">
          {path !== undefined && path !== '' && <code>{path}</code>} {sentence(message)}
        </p>
      ))}
    </Notice>
  )
}
