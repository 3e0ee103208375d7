/** The icons: strokes on a 24 by 24 grid, in the colour of the text. One beside words says nothing to a screen reader. */
import { type IconName, shapes } from './icon-shapes.ts'

export interface IconProps {
  readonly name: IconName
  readonly size?: number
}

export function Icon({ name, size = 18 }: IconProps) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.7"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={shapes[name]} />
    </svg>
  )
}

/** The mark: a bridge of stones, and water under it. */
export function Mark({ size = 30 }: { readonly size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path
        d="M2.5 9h27M5 20.5V18a5.5 5.5 0 0 1 11 0v2.5M16 18a5.5 5.5 0 0 1 11 0v2.5"
        stroke="currentColor"
        stroke-width="2.6"
      />
      <path
        d="M3 26c2.2 0 2.2-1.8 4.3-1.8S9.5 26 11.7 26s2.2-1.8 4.3-1.8S18.2 26 20.3 26s2.2-1.8 4.3-1.8S26.8 26 29 26"
        stroke="currentColor"
        stroke-width="2"
        opacity="0.55"
      />
    </svg>
  )
}
