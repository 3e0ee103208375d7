/** What takes a while to find out, and is asked by many: found out once for all of them. What failed is asked for again. */

/**
 * Whoever asks meanwhile, or less than `ms` after it was begun, gets the same answer.
 * @param nowMs of a clock that never goes back
 */
export function keptFor<Value>(
  ms: number,
  nowMs: () => number,
  ask: () => Promise<Value>,
): () => Promise<Value> {
  let last: { readonly answer: Promise<Value>; readonly untilMs: number } | null = null
  let isAsking = false
  return () => {
    const atMs = nowMs()
    if (last !== null && (isAsking || atMs < last.untilMs)) return last.answer
    const answer = ask()
    isAsking = true
    last = { answer, untilMs: atMs + ms }
    answer.then(
      () => {
        isAsking = false
      },
      () => {
        isAsking = false
        last = null
      },
    )
    return answer
  }
}

/** What does not change as long as the process runs. */
export function keptForGood<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  return keptFor(Number.POSITIVE_INFINITY, () => 0, ask)
}
