/** Figures of many measurements. */

/** @param share from 0 to 1 @returns NaN of none */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  if (sorted.length === 0) return Number.NaN
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}
