/** What all fuzz tests share: bytes from anywhere and bytes that are nearly right, and a verdict on what a reader did. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { CausewayError } from '../../firmware/model/errors.ts'

/** No reader may need longer for any one input, on a busy machine. */
const mostMs = 2_000
/** FUZZ_RUNS=100000 node --test test/fuzz/… looks further. */
export const numRuns = Number(process.env.FUZZ_RUNS ?? 2_000)

/** Any bytes, or a good message that was bent: bits, cuts, growth, and pieces put elsewhere. */
export function bytesLike(
  good: readonly Uint8Array[],
  maxLength = 300,
): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const bent = fc
    .record({
      from: fc.constantFrom(...good),
      flips: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      cut: fc.nat(),
      grow: fc.uint8Array({ maxLength: 12 }),
      isCut: fc.boolean(),
    })
    .map(({ from, flips, cut, grow, isCut }) => {
      const kept = isCut ? from.subarray(0, cut % (from.length + 1)) : from
      const bytes = Uint8Array.from([...kept, ...grow])
      for (const [at, mask] of flips) if (bytes.length > 0) bytes[at % bytes.length]! ^= mask
      return bytes
    })
  const any = fc.uint8Array({ maxLength }).map((bytes) => Uint8Array.from(bytes))
  return fc.oneof(any, bent)
}

/** Yields a value, or throws a CausewayError with one of these codes; nothing else, and not after a long time. */
export function readsOrRefuses(read: () => unknown, codes: RegExp): void {
  const startMs = performance.now()
  try {
    read()
  } catch (error) {
    const isCoded = error instanceof CausewayError && codes.test(error.code)
    assert.ok(isCoded, `threw ${error instanceof Error ? (error.stack ?? error) : error}`)
  }
  const tookMs = performance.now() - startMs
  assert.ok(tookMs < mostMs, `took ${tookMs} ms`)
}
