/** Versions of the firmware, and which of two is newer: SemVer 2.0.0 §11, without build metadata. */

const form = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/
const mostLetters = 64

export function isFirmwareVersion(text: string): boolean {
  return text.length <= mostLetters && form.test(text)
}

/** Below 0: the first is older. @param first, second `isFirmwareVersion` */
export function compareVersions(first: string, second: string): number {
  const [a, b] = [partsOf(first), partsOf(second)]
  for (const at of [0, 1, 2]) {
    const difference = a.numbers[at]! - b.numbers[at]!
    if (difference !== 0) return difference
  }
  // What is on its way to a version is older than it.
  if (a.steps.length === 0 || b.steps.length === 0) return b.steps.length - a.steps.length
  const most = Math.max(a.steps.length, b.steps.length)
  for (let at = 0; at < most; at++) {
    const difference = compareSteps(a.steps[at], b.steps[at])
    if (difference !== 0) return difference
  }
  return 0
}

function partsOf(text: string): { readonly numbers: readonly number[]; readonly steps: string[] } {
  const [, major, minor, patch, steps] = form.exec(text) ?? []
  if (patch === undefined) throw new Error(`'${text}' is no version`)
  return { numbers: [major, minor, patch].map(Number), steps: steps?.split('.') ?? [] }
}

/** Numbers before words, and what ends before what goes on. */
function compareSteps(first: string | undefined, second: string | undefined): number {
  if (first === undefined) return -1
  if (second === undefined) return 1
  const [isNumber, isOther] = [/^\d+$/.test(first), /^\d+$/.test(second)]
  if (isNumber && isOther) return Number(first) - Number(second)
  if (isNumber !== isOther) return isNumber ? -1 : 1
  return first < second ? -1 : Number(first > second)
}
