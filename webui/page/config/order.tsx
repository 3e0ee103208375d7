/** Moves an entry of a list whose order says which comes first. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
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
  const element = useRef<HTMLSpanElement>(null)
  const pressed = useRef<'up' | 'down' | null>(null)
  const [told, setTold] = useState('')
  const move = (way: 'up' | 'down', to: number): void => {
    pressed.current = way
    configuration.edit([{ kind: 'move', at, from: index, to }])
  }
  // Where it is now, the same press moves it on: focus goes with it, and what is not seen is said.
  useLayoutEffect(() => {
    const { current: way } = pressed
    pressed.current = null
    if (way === null) return
    const buttons = [...(element.current?.querySelectorAll('button') ?? [])]
    if (way === 'down') buttons.reverse()
    buttons.find(({ disabled }) => !disabled)?.focus()
    setTold(configText.movedTo(name, index + 1, count))
  }, [index])
  return (
    <span class="order" ref={element}>
      <span class="unseen" role="status">
        {told}
      </span>
      <Button
        kind="quiet"
        icon="up"
        isSmall
        label={configText.moveUp(name)}
        isDisabled={index === 0}
        onClick={() => move('up', index - 1)}
      />
      <Button
        kind="quiet"
        icon="down"
        isSmall
        label={configText.moveDown(name)}
        isDisabled={index >= count - 1}
        onClick={() => move('down', index + 1)}
      />
    </span>
  )
}
