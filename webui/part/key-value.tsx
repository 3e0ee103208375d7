/** Names and what they are, in as many columns as there is room for. */
import type { ComponentChildren } from 'preact'

export interface KeyValueProps {
  /** One without a value is left out. */
  readonly items: readonly (readonly [name: string, value: ComponentChildren])[]
}

export function KeyValue({ items }: KeyValueProps) {
  const shown = items.filter(([, value]) => value !== null && value !== undefined && value !== '')
  return (
    <dl class="values">
      {shown.map(([name, value]) => (
        <div key={name} class={isLong(value) ? 'is-long' : undefined}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Too long for half a phone, and torn apart there. */
function isLong(value: ComponentChildren): boolean {
  return typeof value === 'string' && value.length > 18
}
