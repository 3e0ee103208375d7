/**
 * What turns one JSON value into another: sets and splices by place, small where little differs. A box applies it to what it has
 * and checks the signature of the result, so that a wrong delta can do nothing. Pure; canonical text as RFC 8785 has it for what
 * occurs here (no numbers but whole ones and short fractions).
 */

import { isEqual } from '../model/config-diff.ts'
import { type DeltaStep, mostDepth, mostNesting, mostSteps } from '../model/control-link.ts'

type Place = DeltaStep['at']
type Splice = Extract<DeltaStep, { from: number }>
type Fields = Readonly<Record<string, unknown>>

/** No step names a field of this name: a rule of what is said, for whoever else reads it might take it for the object's prototype. */
const unspeakable = '__proto__'

/** Null when no box would take it: more than `mostSteps`, a field that no step may name, or what nests too deep: send the whole. */
export function deltaBetween(before: unknown, after: unknown): DeltaStep[] | null {
  const steps: DeltaStep[] = []
  compare(before, after, [], steps)
  const isSaid = steps.every((step) => !step.at.includes(unspeakable) && isFlatStep(step))
  return steps.length <= mostSteps && isSaid ? steps : null
}

function compare(before: unknown, after: unknown, at: Place, steps: DeltaStep[]): void {
  if (steps.length > mostSteps || isEqual(before, after)) return
  if (at.length === mostDepth) steps.push({ at, value: after })
  else if (Array.isArray(before) && Array.isArray(after)) compareLists(before, after, at, steps)
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
  const [one, other] = [before.length, after.length]
  let head = 0
  while (head < one && head < other && isEqual(before[head], after[head])) head++
  let tail = 0
  const most = Math.min(one, other) - head
  while (tail < most && isEqual(before[one - 1 - tail], after[other - 1 - tail])) tail++
  if (one === other) {
    for (let index = head; index < one - tail; index++) {
      compare(before[index], after[index], [...at, index], steps)
    }
    return
  }
  const insert = after.slice(head, after.length - tail)
  steps.push({ at, from: head, remove: one - head - tail, insert })
}

/**
 * What does not differ is shared with `before`.
 * @returns null when a step has no place in it: it was made for another value; or nests deeper than anything that can be meant
 */
export function applyDelta(
  before: unknown,
  steps: readonly DeltaStep[],
): { readonly value: unknown } | null {
  let whole: { readonly value: unknown } | null = { value: before }
  for (const step of steps) {
    if (whole === null || !isFlatStep(step)) return null
    const isWhole = step.at.length === 0 && !('from' in step)
    if (isWhole) whole = { value: 'value' in step ? step.value : null }
    else whole = stepped(whole.value, step, 0)
  }
  return whole
}

/** The value with the step taken below it, `depth` names of its place on the way. */
function stepped(
  value: unknown,
  step: DeltaStep,
  depth: number,
): { readonly value: unknown } | null {
  const isLast = depth === step.at.length - ('from' in step ? 0 : 1)
  if (isLast) return 'from' in step ? spliced(value, step) : set(value, step, step.at[depth]!)
  const name = step.at[depth]!
  if (!has(value, name)) return null
  const inner = stepped((value as Fields)[name], step, depth + 1)
  if (inner === null) return null
  if (Array.isArray(value)) return { value: value.with(name as number, inner.value) }
  return { value: { ...(value as Fields), [name]: inner.value } }
}

function spliced(
  value: unknown,
  { from, remove, insert }: Splice,
): { readonly value: unknown } | null {
  if (!Array.isArray(value) || from + remove > value.length) return null
  return { value: value.toSpliced(from, remove, ...insert) }
}

function set(
  value: unknown,
  step: { readonly value?: unknown },
  name: string | number,
): { readonly value: unknown } | null {
  if (Array.isArray(value)) {
    if (!has(value, name) || !('value' in step)) return null
    return { value: value.with(name as number, step.value) }
  }
  if (!isFields(value) || typeof name !== 'string' || name === unspeakable) return null
  if ('value' in step) return { value: { ...value, [name]: step.value } }
  if (!Object.hasOwn(value, name)) return null
  const { [name]: _gone, ...rest } = value
  return { value: rest }
}

function has(target: unknown, name: string | number): boolean {
  if (Array.isArray(target))
    return typeof name === 'number' && Number.isInteger(name) && name >= 0 && name < target.length
  return isFields(target) && typeof name === 'string' && Object.hasOwn(target, name)
}

function isFlatStep(step: DeltaStep): boolean {
  return isFlat('from' in step ? step.insert : step.value, mostNesting)
}

/** Whatever goes through a value goes down into it, and a message can nest deeper than the stack is. */
function isFlat(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((inner) => isFlat(inner, depth - 1))
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The same text for the same value: fields in the order of their names' UTF-16 units (RFC 8785 §3.2.3).
 * @param known texts of objects that come again and again
 */
export function canonicalJson(value: unknown, known?: WeakMap<object, string>): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const there = known?.get(value)
  if (there !== undefined) return there
  let text = ''
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${canonicalJson(item, known)}`
    return `[${text}]`
  }
  for (const name of Object.keys(value).sort()) {
    const field = (value as Fields)[name]
    if (field === undefined) continue
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(field, known)}`
  }
  return `{${text}}`
}
