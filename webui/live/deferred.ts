/** A value that follows another once that has rested for a moment: for work that is too much for each letter. */
import { useEffect, useState } from 'preact/hooks'

const restMs = 150

export function useDeferred<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    if (value === settled) return
    const timer = setTimeout(() => setSettled(value), restMs)
    return () => clearTimeout(timer)
  }, [value, settled])
  return settled
}
