/** Pools against a slow oracle that looks at each network in turn. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatPrefix,
  overlaps,
  type Prefix,
  parseInterfaceAddress,
} from '../../../firmware/model/address.ts'
import {
  firstHost,
  freeNetworks,
  lentRange,
  lowestFree,
  overlapsAmong,
} from '../../../firmware/plan/ipam.ts'

const prefix = (text: string): Prefix => {
  const { family, network, bits } = parseInterfaceAddress(text)!
  return { family, network, bits }
}

/** Somewhere in 10.0.0.0/24 or right around it. */
const anyPrefix = fc
  .record({ at: fc.integer({ min: -64, max: 320 }), bits: fc.integer({ min: 22, max: 32 }) })
  .map(({ at, bits }) => {
    const size = 1n << BigInt(32 - bits)
    const value = (0x0a00_0000n + BigInt(at)) / size
    return { family: 4, network: value * size, bits } as Prefix
  })

test('the lowest free network is the first that overlaps nothing', () => {
  const pool = prefix('10.0.0.0/24')
  fc.assert(
    fc.property(
      fc.array(anyPrefix, { maxLength: 12 }),
      fc.integer({ min: 24, max: 32 }),
      (taken, bits) => {
        const size = 1n << BigInt(32 - bits)
        let slow: Prefix | null = null
        for (let at = 0n; at < 256n && slow === null; at += size) {
          const candidate: Prefix = { family: 4, network: pool.network + at, bits }
          if (!taken.some((one) => overlaps(one, candidate))) slow = candidate
        }
        assert.deepEqual(lowestFree(pool, bits, taken), slow)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('whoever overlaps anybody is told of, with somebody that it overlaps', () => {
  fc.assert(
    fc.property(fc.array(anyPrefix, { maxLength: 12 }), (prefixes) => {
      const holders = prefixes.map((one, at) => ({ holder: String(at), prefix: one }))
      const found = overlapsAmong(holders)
      for (const { one, other } of found) assert.ok(overlaps(one.prefix, other.prefix))
      const told = new Set(found.flatMap(({ one, other }) => [one.holder, other.holder]))
      for (const holder of holders) {
        const isOverlapping = holders.some(
          (one) => one !== holder && overlaps(one.prefix, holder.prefix),
        )
        assert.equal(told.has(holder.holder), isOverlapping, `${formatPrefix(holder.prefix)}`)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a pool of IPv6 gives networks of 64 bits', () => {
  const pool = prefix('fd00:1::/48')
  const first = lowestFree(pool, 64, [])!
  assert.equal(formatPrefix(lowestFree(pool, 64, [first])!), 'fd00:1:0:1::/64')
  assert.equal(firstHost(first), 'fd00:1::1/64')
})

test('what a box lends leaves it room for hosts with fixed addresses, and its own', () => {
  assert.deepEqual(lentRange('10.0.0.1/24'), { from: '10.0.0.32', to: '10.0.0.254' })
  assert.deepEqual(lentRange('10.0.0.1/29'), { from: '10.0.0.2', to: '10.0.0.6' })
  assert.equal(lentRange('10.0.0.1/30'), null)
  assert.equal(lentRange('fd00::1/64'), null)
})

test('networks that are given one after the other are those that looking each time would find', () => {
  const pool = prefix('10.0.0.0/24')
  fc.assert(
    fc.property(
      fc.array(anyPrefix, { maxLength: 12 }),
      fc.integer({ min: 24, max: 32 }),
      (before, bits) => {
        const taken = [...before]
        const next = freeNetworks(pool, bits, before)
        for (let free = lowestFree(pool, bits, taken); ; free = lowestFree(pool, bits, taken)) {
          assert.deepEqual(next(), free)
          if (free === null) return
          taken.push(free)
        }
      },
    ),
  )
})
