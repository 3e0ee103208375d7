/** Tables and amounts as the CLI prints them. Pure. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
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
  const [unit, size] = rateUnits.find(([, least]) => bps >= least) ?? (['bit/s', 1] as const)
  return `${(bps / size).toFixed(size === 1 ? 0 : 1)} ${unit}`
}

const rateUnits = [
  ['Gbit/s', 1e9],
  ['Mbit/s', 1e6],
  ['kbit/s', 1e3],
] as const
