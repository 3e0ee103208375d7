/** For whoever computes long: sockets, timers and those who were told something have their turns meanwhile. */

/** Computing goes on for so long before others have their turn. */
const turnMs = 10

/** To be awaited between steps: returns at once until a turn is over. */
export function newTurns(): () => Promise<void> {
  let beganMs = performance.now()
  return async () => {
    if (performance.now() - beganMs < turnMs) return
    await otherTurns()
    beganMs = performance.now()
  }
}

export function otherTurns(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
