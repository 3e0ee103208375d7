/** A few views of one thing, one of them shown: the tabs pattern of WAI-ARIA, with arrow keys. */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { Icon } from './icon.tsx'
import { type Tone, toneIcons } from './tone.ts'

export interface TabsProps<Id extends string> {
  readonly label: string
  readonly tabs: readonly {
    readonly id: Id
    readonly label: string
    /** With an icon before it that says how it is. */
    readonly tone?: Tone
  }[]
  readonly value: Id
  readonly onChange: (id: Id) => void
  /** Of the tab that is chosen. */
  readonly children: ComponentChildren
}

export function Tabs<Id extends string>(props: TabsProps<Id>) {
  const { label, tabs, value, onChange, children } = props
  const id = useId()
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const at = tabs.findIndex((tab) => tab.id === value)
    // On a phone the row is wider than the page: what is chosen is seen.
    row.current?.children[at]?.scrollIntoView({ inline: 'nearest', block: 'nearest' })
  }, [value])
  const move = (event: KeyboardEvent): void => {
    const at = tabs.findIndex((tab) => tab.id === value)
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1 }
    const to = { ...steps, Home: 0, End: tabs.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    const next = (to + tabs.length) % tabs.length
    onChange(tabs[next]!.id)
    const button = row.current?.children[next]
    if (button instanceof HTMLElement) button.focus()
  }
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={row} onKeyDown={move}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            class="tab"
            role="tab"
            id={`${id}-${tab.id}`}
            aria-selected={tab.id === value}
            aria-controls={`${id}-panel`}
            tabIndex={tab.id === value ? 0 : -1}
            onClick={() => onChange(tab.id)}
          >
            {tab.tone !== undefined && (
              <span class={`tab-tone is-${tab.tone}`}>
                <Icon name={toneIcons[tab.tone]} size={15} />
              </span>
            )}
            {tab.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value}`}>
        {children}
      </div>
    </>
  )
}
