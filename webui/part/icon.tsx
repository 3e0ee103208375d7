/** The icons: strokes on a 24 by 24 grid, in the colour of the text. One beside words says nothing to a screen reader. */

const shapes = {
  overview: 'M3 12h4l2.5-6 5 12L17 12h4',
  uplink: 'M12 20V8M7 12l5-5 5 5M5 4h14',
  peers:
    'M3 12a3 3 0 1 0 6 0 3 3 0 1 0-6 0M15.5 5.5a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0M15.5 18.5a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0M8.7 10.7l7-4M8.7 13.3l7 4',
  segment: 'M4 7h16M4 12h16M4 17h16M8 4.5v5M16 9.5v5M10 14.5v5',
  lan: 'M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4',
  policy: 'M5 21V4M5 5h12l-2.5 4L17 13H5',
  qos: 'M4 20v-5M9 20V10M14 20v-8M19 20V5',
  access: 'M12 3l7 3v5c0 4.6-2.9 8.2-7 10-4.1-1.8-7-5.4-7-10V6zM9 12l2.2 2.2L15.3 10',
  diagnose:
    'M3.5 10.5a7 7 0 1 0 14 0 7 7 0 1 0-14 0M15.6 15.6 21 21M6.5 10.5h2l1.3-2.5 1.7 5 1.2-2.5h1.8',
  system:
    'M4 7h9M19 7h1M4 17h1M11 17h9M16 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
  more: 'M4 7h16M4 12h16M4 17h16',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  good: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.3 12.2l2.6 2.6 4.9-5.2',
  warn: 'M12 4 21.5 20h-19zM12 10v4.5M12 17.2v.1',
  bad: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM9 9l6 6M15 9l-6 6',
  idle: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.5 12h7',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5M12 8v.1',
  close: 'M6 6l12 12M18 6 6 18',
  plus: 'M12 5v14M5 12h14',
  trash: 'M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5.5M14 11v5.5',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  download: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14',
  upload: 'M12 15V4M7.5 8.5 12 4l4.5 4.5M5 20h14',
  refresh:
    'M20 5v5h-5M4 19v-5h5M5.2 9a7.5 7.5 0 0 1 12.6-2.6L20 10M4 14l2.2 3.6A7.5 7.5 0 0 0 18.8 15',
  undo: 'M4 9h11a5 5 0 0 1 0 10h-4M8 5 4 9l4 4',
  play: 'M8 5v14l11-7z',
  stop: 'M7 7h10v10H7z',
  search: 'M4 10.5a6.5 6.5 0 1 0 13 0 6.5 6.5 0 1 0-13 0M15.4 15.4 21 21',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5l3.5 2',
  key: 'M4 15a4 4 0 1 0 8 0 4 4 0 1 0-8 0M11 12l8-8M16 7l3 3',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5',
  'sign-out': 'M14 4H5v16h9M10 12h11M17.5 8l4 4-4 4',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z',
  auto: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 3v18M12 8h7.5M12 12h9M12 16h7.5',
  up: 'M12 19V5M6 11l6-6 6 6',
  down: 'M12 5v14M6 13l6 6 6-6',
  right: 'M9 6l6 6-6 6',
  left: 'M15 6l-6 6 6 6',
  open: 'M6 9l6 6 6-6',
  box: 'M3 8h18v9H3zM7 17v2M17 17v2M7 12.5h.1M10.5 12.5h.1M14 12.5h3.5',
  globe:
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM3 12h18M12 3c3 3 3.5 6 3.5 9s-.5 6-3.5 9c-3-3-3.5-6-3.5-9s.5-6 3.5-9Z',
  relay: 'M4 6h5l6 12h5M17 15l3 3-3 3M15 6h5M17 3l3 3-3 3',
  link: 'M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 6 6l1-1',
  restart: 'M12 3v8M7 6a8 8 0 1 0 10 0',
} as const

export type IconName = keyof typeof shapes

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
