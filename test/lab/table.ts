/** Text for terminals: aligned columns, and figures with their units. Pure. */

/** Columns side by side: the first to the left, the others to the right, unless `leftColumns` says which
 *  ones go to the left. */
export function align(
  rows: readonly (readonly string[])[],
  leftColumns: readonly number[] = [0],
): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const pad = (text: string, column: number): string =>
    leftColumns.includes(column) ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

/** `48.1 Mbit/s` */
export function rate(bitsPerSecond: number): string {
  for (const [unit, size] of [
    ['Gbit/s', 1e9],
    ['Mbit/s', 1e6],
    ['kbit/s', 1e3],
  ] as const) {
    if (bitsPerSecond >= size) return `${(bitsPerSecond / size).toFixed(1)} ${unit}`
  }
  return `${bitsPerSecond.toFixed(0)} bit/s`
}

/** `02:05`, or `1:02:05` from an hour on. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds)
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest
}
