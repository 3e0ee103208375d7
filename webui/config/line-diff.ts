/** What differs between two texts, line by line: the shortest way from one to the other (Myers, 1986), within limits. Pure. */

export interface Line {
  readonly kind: 'same' | 'gone' | 'new'
  readonly text: string
  /** From 1, in the text before and after; null where it is not there. */
  readonly before: number | null
  readonly after: number | null
}

/** Lines that are together, with those around them; between two of them nothing differs. */
export type Hunk = readonly Line[]

/** Beyond so many different lines nobody reads on, and the way takes long to find. */
const mostSteps = 2000
const around = 3

export function lineDiff(before: string, after: string): readonly Line[] {
  const [one, other] = [linesOf(before), linesOf(after)]
  let head = 0
  while (head < one.length && head < other.length && one[head] === other[head]) head++
  let tail = 0
  while (
    tail < one.length - head &&
    tail < other.length - head &&
    one[one.length - 1 - tail] === other[other.length - 1 - tail]
  )
    tail++
  const middle = wayOf(one.slice(head, one.length - tail), other.slice(head, other.length - tail))
  const kinds = [...same(head), ...middle, ...same(tail)]
  let [at, to] = [0, 0]
  return kinds.map((kind) => {
    const isBefore = kind !== 'new'
    const isAfter = kind !== 'gone'
    const text = isBefore ? one[at]! : other[to]!
    if (isBefore) at++
    if (isAfter) to++
    return { kind, text, before: isBefore ? at : null, after: isAfter ? to : null }
  })
}

export function hunksOf(lines: readonly Line[]): readonly Hunk[] {
  const isShown = lines.map(() => false)
  for (const [index, { kind }] of lines.entries()) {
    if (kind === 'same') continue
    const last = Math.min(index + around, lines.length - 1)
    for (let near = Math.max(0, index - around); near <= last; near++) isShown[near] = true
  }
  const hunks: Line[][] = []
  for (const [index, line] of lines.entries()) {
    if (!isShown[index]) continue
    if (index === 0 || !isShown[index - 1]) hunks.push([])
    hunks.at(-1)!.push(line)
  }
  return hunks
}

type Kind = Line['kind']

function same(count: number): Kind[] {
  return Array.from({ length: count }, () => 'same')
}

function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** All of one and then all of the other, where the way is too long. */
function wayOf(one: readonly string[], other: readonly string[]): Kind[] {
  const [n, m] = [one.length, other.length]
  const trace: Int32Array[] = []
  const most = Math.min(n + m, mostSteps)
  const reach = new Int32Array(2 * most + 3)
  const middle = most + 1
  for (let steps = 0; steps <= most; steps++) {
    // Only what one step can have changed is kept.
    trace.push(reach.slice(middle - steps - 1, middle + steps + 2))
    for (let diagonal = -steps; diagonal <= steps; diagonal += 2) {
      let x = isDown(reach, middle, diagonal, steps)
        ? reach[middle + diagonal + 1]!
        : reach[middle + diagonal - 1]! + 1
      while (x < n && x - diagonal < m && one[x] === other[x - diagonal]) x++
      reach[middle + diagonal] = x
      if (x >= n && x - diagonal >= m) return backOf(trace, n, m)
    }
  }
  return [...one.map((): Kind => 'gone'), ...other.map((): Kind => 'new')]
}

function isDown(reach: Int32Array, middle: number, diagonal: number, steps: number): boolean {
  if (diagonal === -steps) return true
  return diagonal !== steps && reach[middle + diagonal - 1]! < reach[middle + diagonal + 1]!
}

function backOf(trace: readonly Int32Array[], n: number, m: number): Kind[] {
  const kinds: Kind[] = []
  let [x, y] = [n, m]
  for (let steps = trace.length - 1; steps >= 0; steps--) {
    const reach = trace[steps]!
    const middle = steps + 1
    const diagonal = x - y
    const from = isDown(reach, middle, diagonal, steps) ? diagonal + 1 : diagonal - 1
    const fromX = steps === 0 ? 0 : reach[middle + from]!
    const fromY = fromX - (steps === 0 ? 0 : from)
    while (x > fromX && y > fromY) {
      kinds.push('same')
      x--
      y--
    }
    if (steps === 0) break
    kinds.push(x === fromX ? 'new' : 'gone')
    ;[x, y] = [fromX, fromY]
  }
  return kinds.reverse()
}
