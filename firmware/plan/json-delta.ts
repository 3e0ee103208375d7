/**
 * What turns one JSON value into another: sets and splices by place, small where little differs. A box applies it to what it has
 * and checks the signature of the result, so that a wrong delta can do nothing. Pure; canonical text as RFC 8785 has it for what
 * occurs here (no numbers but whole ones and short fractions).
 */

type Place = readonly (string | number)[]

export type DeltaStep =
  /** A field is this now; without `value` it is gone. */
  | { readonly at: Place; readonly value?: unknown }
  /** In the list: from `from`, `remove` entries go and these come. */
  | {
      readonly at: Place
      readonly from: number
      readonly remove: number
      readonly insert: readonly unknown[]
    }

/** More steps than that are no delta: send the whole. */
export const mostSteps = 1_000

type Fields = Readonly<Record<string, unknown>>

/** Null when it would be longer than `mostSteps`. */
export function deltaBetween(before: unknown, after: unknown): DeltaStep[] | null {
  const steps: DeltaStep[] = []
  compare(before, after, [], steps)
  return steps.length > mostSteps ? null : steps
}

function compare(before: unknown, after: unknown, at: Place, steps: DeltaStep[]): void {
  if (steps.length > mostSteps || canonicalJson(before) === canonicalJson(after)) return
  if (Array.isArray(before) && Array.isArray(after)) compareLists(before, after, at, steps)
  else if (isFields(before) && isFields(after)) {
    for (const name of Object.keys(before)) {
      if (!Object.hasOwn(after, name)) steps.push({ at: [...at, name] })
    }
    for (const [name, value] of Object.entries(after)) {
      if (Object.hasOwn(before, name)) compare(before[name], value, [...at, name], steps)
      else steps.push({ at: [...at, name], value })
    }
  } else steps.push({ at, value: after })
}

/** Between what begins and what ends alike there is one splice; lists of one length are compared entry by entry. */
function compareLists(
  before: readonly unknown[],
  after: readonly unknown[],
  at: Place,
  steps: DeltaStep[],
): void {
  const [one, other] = [before.map(canonicalJson), after.map(canonicalJson)]
  let head = 0
  while (head < one.length && head < other.length && one[head] === other[head]) head++
  let tail = 0
  const most = Math.min(one.length, other.length) - head
  while (tail < most && one[one.length - 1 - tail] === other[other.length - 1 - tail]) tail++
  if (one.length === other.length) {
    for (let index = head; index < one.length - tail; index++) {
      compare(before[index], after[index], [...at, index], steps)
    }
    return
  }
  const insert = after.slice(head, after.length - tail)
  steps.push({ at, from: head, remove: one.length - head - tail, insert })
}

/** @returns null when a step has no place in it: it was made for another value */
export function applyDelta(
  before: unknown,
  steps: readonly DeltaStep[],
): { readonly value: unknown } | null {
  let whole: unknown = structuredClone(before)
  for (const step of steps) {
    if (step.at.length === 0 && !('from' in step)) {
      whole = 'value' in step ? step.value : null
      continue
    }
    if (!applyStep(whole, step)) return null
  }
  return { value: whole }
}

function applyStep(whole: unknown, step: DeltaStep): boolean {
  const isSplice = 'from' in step
  const way = isSplice ? step.at : step.at.slice(0, -1)
  let target: unknown = whole
  for (const name of way) {
    if (!has(target, name)) return false
    target = (target as Fields)[name]
  }
  if (isSplice) {
    if (!Array.isArray(target) || step.from + step.remove > target.length) return false
    target.splice(step.from, step.remove, ...step.insert)
    return true
  }
  const name = step.at.at(-1)!
  if (Array.isArray(target)) {
    if (!has(target, name) || !('value' in step)) return false
    target[name as number] = step.value
    return true
  }
  if (!isFields(target) || typeof name !== 'string' || name === '__proto__') return false
  const fields = target as Record<string, unknown>
  if ('value' in step) fields[name] = step.value
  else if (Object.hasOwn(fields, name)) delete fields[name]
  else return false
  return true
}

function has(target: unknown, name: string | number): boolean {
  if (Array.isArray(target))
    return typeof name === 'number' && Number.isInteger(name) && name >= 0 && name < target.length
  return isFields(target) && typeof name === 'string' && Object.hasOwn(target, name)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The same text for the same value: fields in the order of their names' UTF-16 units (RFC 8785 §3.2.3). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (!isFields(value)) return JSON.stringify(value)
  const names = Object.keys(value).filter((name) => value[name] !== undefined)
  const fields = names.sort().map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`)
  return `{${fields.join(',')}}`
}
