/** Metrics as text: Prometheus exposition format 0.0.4. Base units, counters end in `_total`. Pure. */

export type Labels = Readonly<Record<string, string>>

/** Samples lack their name, which is the family's; those of a histogram begin with what is behind it (`_bucket`). A family without samples is no text at all. */
export function family(
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
  samples: readonly string[],
): string {
  if (samples.length === 0) return ''
  const full = `causeway_${name}`
  const lines = samples.map((text) => `${full}${text}\n`)
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`
}

export function sample(labels: Labels, value: number): string {
  const list = Object.entries(labels).map(([name, text]) => `${name}="${escapeLabel(text)}"`)
  return `{${list.join(',')}} ${value}`
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
