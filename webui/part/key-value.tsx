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
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
