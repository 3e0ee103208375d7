/** Whether a segment has any address of a rule's prefix: found by halving, against a slow oracle that looks at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatPrefix, overlaps, parseInterfaceAddress } from '../../../firmware/model/address.ts'
import { partsOf } from '../../../firmware/model/device-config-parts.ts'
import { checkRules } from '../../../firmware/model/device-config-rules.ts'
import { changed } from './broken-config.ts'

const v4 = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 17, max: 28 }))
  .map(([third, bits]) => formatPrefix(parseInterfaceAddress(`10.200.${third}.0/${bits}`)!))
const v6 = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 40, max: 64 }))
  .map(([third, bits]) => formatPrefix(parseInterfaceAddress(`fd0a:0:${third}::/${bits}`)!))
const prefix = fc.oneof(v4, v6)

test('a rule is refused exactly when nothing in its segment shares an address with it', () => {
  let refused = 0
  const held = fc.uniqueArray(prefix, { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(held, prefix, (office, wanted) => {
      const document = changed({
        '/peers/1/segments/office': office,
        '/acl/2/from/prefix': wanted,
      })
      const broken = checkRules(partsOf(document)).map(({ rule }) => rule)
      const parsed = parseInterfaceAddress(wanted)!
      const isHeld = office.some((text) => overlaps(parseInterfaceAddress(text)!, parsed))
      assert.deepEqual(broken, isHeld ? [] : ['acl-prefix-inside'])
      if (!isHeld) refused++
    }),
    { numRuns: 500 },
  )
  assert.ok(refused > 50 && refused < 450, `${refused} of 500`)
})
