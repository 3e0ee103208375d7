/** Rows and columns. On a phone each row becomes a block, with the columns' heads inside. */
import type { ComponentChildren } from 'preact'

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
}

export function Table<Row>({ caption, columns, rows, keyOf, empty }: TableProps<Row>) {
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>
  return (
    <div class="table-scroll">
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
    </div>
  )
}

function Cell<Row>({ column, row }: { readonly column: Column<Row>; readonly row: Row }) {
  const { head, cell, isNumber, isRowHead, isWide, isUnseenHead } = column
  const classes = `${isNumber ? 'is-number' : ''} ${isWide ? 'is-wide' : ''}`.trim()
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
