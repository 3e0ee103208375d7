/** The heading of a step, which takes the focus: a screen reader says where somebody is now. */
import { useEffect, useRef } from 'preact/hooks'

export interface StepHeadProps {
  readonly title: string
  readonly about: string
}

export function StepHead({ title, about }: StepHeadProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <div>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      <p class="quiet">{about}</p>
    </div>
  )
}
