/** Numbers as people read them: rates, times, ages, ratios, bytes. Pure. Null is a dash. */

const none = '–'
const units = ['', 'k', 'M', 'G', 'T'] as const
type Maybe = number | null | undefined

/** `12.4 Mbit/s` */
export function rate(bitsPerSecond: Maybe): string {
  return scaled(bitsPerSecond, 'bit/s')
}

/** `1.2 GB` */
export function bytes(count: Maybe): string {
  return scaled(count, 'B')
}

function scaled(value: Maybe, unit: string): string {
  if (value === null || value === undefined) return none
  let size = value
  let at = 0
  while (size >= 999.5 && at < units.length - 1) {
    size /= 1000
    at++
  }
  return `${digits(size, at === 0 ? 0 : undefined)}\u00a0${units[at]}${unit}`
}

/** Three figures that count. */
function digits(value: number, decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0): string {
  return value.toFixed(decimals)
}

/** A short time: `340 µs`, `23.4 ms`, `1.20 s`. */
export function delay(seconds: Maybe): string {
  if (seconds === null || seconds === undefined) return none
  if (seconds < 0.0009995) return `${Math.round(seconds * 1e6)} µs`
  if (seconds < 0.9995) return `${digits(seconds * 1000)} ms`
  return `${digits(seconds)} s`
}

/** A long time, by its two largest units: `3 d 4 h`, `5 min`, `12 s`. */
export function duration(seconds: Maybe): string {
  if (seconds === null || seconds === undefined) return none
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return pair(hours, 'h', minutes % 60, 'min')
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

/** `just now`, `5 min ago` */
export function ago(seconds: Maybe): string {
  if (seconds === null || seconds === undefined) return none
  return seconds < 3 ? 'just now' : `${duration(seconds)} ago`
}

/** Of one: `0.3 %`. What is not nothing never looks like it. */
export function ratio(value: Maybe): string {
  if (value === null || value === undefined) return none
  const percent = value * 100
  if (percent === 0) return '0 %'
  if (percent < 0.01) return '< 0.01 %'
  return `${percent < 1 ? percent.toFixed(2) : percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`
}

export function count(value: Maybe): string {
  return value === null || value === undefined ? none : value.toLocaleString('en-GB')
}

/** `1 peer`, `3 peers` */
export function plural(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** `berlin, oslo and lisbon` */
export function list(names: readonly string[]): string {
  if (names.length < 2) return names.join('')
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** As a sentence: a capital first, unless it begins with one of these names, and a stop last. */
export function sentence(text: string, names: readonly string[] = []): string {
  const trimmed = text.trim()
  if (trimmed === '') return ''
  const isName = names.some((name) => trimmed.startsWith(name))
  const first = isName ? trimmed : trimmed[0]!.toUpperCase() + trimmed.slice(1)
  return /[.!?…]$/.test(first) ? first : `${first}.`
}

/** A moment, in the browser's own time zone: `14:05:09` today, else with the day. */
export function moment(at: Date, now: Date): string {
  const time = at.toLocaleTimeString('en-GB')
  if (at.toDateString() === now.toDateString()) return time
  const day = at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
  return `${day}, ${time.slice(0, 5)}`
}
