/** Rows and columns. On a phone each row becomes a block, with the columns' heads inside. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => ComponentChildren
  readonly isNumber?: boolean
  /** Names the row: a heading of it. */
  readonly isRowHead?: boolean
  /** On a phone it has a line of its own. */
  readonly isWide?: boolean
  /** Buttons: its head is for screen readers alone. */
  readonly isUnseenHead?: boolean
}

export interface TableProps<Row> {
  /** What it lists, for screen readers. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string | number
  /** Shown instead when there are no rows. */
  readonly empty?: ComponentChildren
  /** For screen readers alone: stands behind a picture. */
  readonly isUnseen?: boolean
}

export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, keyOf, empty, isUnseen } = props
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>
  return (
    <Scroll label={caption} isUnseen={isUnseen === true}>
      <table class="table is-stacking">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ head, isNumber, isUnseenHead }) => (
              <th key={head} scope="col" class={isNumber ? 'is-number' : ''}>
                {isUnseenHead ? <span class="unseen">{head}</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <Cell key={column.head} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

interface ScrollProps {
  readonly label: string
  readonly isUnseen: boolean
  readonly children: ComponentChildren
}

/** What is wider than its place can be scrolled, and then the keyboard gets at it too. */
function Scroll({ label, isUnseen, children }: ScrollProps) {
  const place = useRef<HTMLDivElement>(null)
  const [isWider, setWider] = useState(false)
  useEffect(() => {
    const element = place.current
    if (element === null || isUnseen) return
    const observer = new ResizeObserver(() => setWider(element.scrollWidth > element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [isUnseen])
  const reach = isWider ? { tabIndex: 0, role: 'region' as const, 'aria-label': label } : {}
  return (
    <div ref={place} class={isUnseen ? 'unseen' : 'table-scroll'} {...reach}>
      {children}
    </div>
  )
}

function Cell<Row>({ column, row }: { readonly column: Column<Row>; readonly row: Row }) {
  const { head, cell, isNumber, isRowHead, isWide, isUnseenHead } = column
  const isAction = isUnseenHead === true && isWide !== true
  const classes = [isNumber && 'is-number', isWide && 'is-wide', isAction && 'is-action']
    .filter(Boolean)
    .join(' ')
  if (isRowHead) {
    return (
      <th scope="row" class={classes}>
        {cell(row)}
      </th>
    )
  }
  return (
    <td class={classes} {...(isUnseenHead ? {} : { 'data-head': head })}>
      {cell(row)}
    </td>
  )
}
