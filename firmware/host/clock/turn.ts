/** What waits has its turn: sockets, timers and those who were told something. For whoever computes long. */
export function otherTurns(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
