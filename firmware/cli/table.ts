/** Tables and amounts as the CLI prints them. Pure. */

/** Cells may hold what others wrote: a terminal must not take that for orders, nor a line end for another row. */
export function table(head: readonly string[], cells: readonly (readonly string[])[]): string {
  if (cells.length === 0) return ''
  const rows = cells.map((row) => row.map((text) => text.replaceAll(/\p{C}/gu, '?')))
  const widths = head.map((text, column) =>
    Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  return [head, ...rows]
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

/** `0 bit/s`, `16.5 Mbit/s` */
export function bitsText(bps: number): string {
  return amountText(bps, 'bit/s')
}

/** `0 B`, `12.3 kB`, `4.0 GB` */
export function bytesText(bytes: number): string {
  return amountText(bytes, 'B')
}

function amountText(amount: number, unit: string): string {
  const [prefix, size] = prefixes.find(([, least]) => amount >= least) ?? (['', 1] as const)
  return `${(amount / size).toFixed(size === 1 ? 0 : 1)} ${prefix}${unit}`
}

/** SI. */
const prefixes = [
  ['T', 1e12],
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
] as const
