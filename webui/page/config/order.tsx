/** Moves an entry of a list whose order says which comes first. */
import type { Place } from '../../config/place.ts'
import { Button } from '../../part/button.tsx'
import { configText } from '../../text/en-config.ts'
import type { SoundConfiguration } from './use-config.ts'

export interface OrderProps {
  readonly configuration: SoundConfiguration
  readonly at: Place
  readonly index: number
  /** Of those that can change places. */
  readonly count: number
  readonly name: string
}

export function Order({ configuration, at, index, count, name }: OrderProps) {
  const move = (to: number): void => configuration.edit([{ kind: 'move', at, from: index, to }])
  return (
    <span class="order">
      <Button
        kind="quiet"
        icon="up"
        isSmall
        label={configText.moveUp(name)}
        isDisabled={index === 0}
        onClick={() => move(index - 1)}
      />
      <Button
        kind="quiet"
        icon="down"
        isSmall
        label={configText.moveDown(name)}
        isDisabled={index >= count - 1}
        onClick={() => move(index + 1)}
      />
    </span>
  )
}
