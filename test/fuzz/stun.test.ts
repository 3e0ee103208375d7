/** No datagram, whoever sent it, leads to anything but a Binding message or nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeRequest, decodeResponse, encodeResponse } from '../../firmware/wire/stun.ts'
import { isIntegrityRight, withFingerprint } from '../../firmware/wire/stun-frame.ts'
import { bytesLike, numRuns, readsOrRefuses } from './bytes.ts'
import { bentStun, soundStun } from './stun-bytes.ts'

const never = /(?!)/

test('STUN: a message or nothing; what is read of an answer is written and read the same', () => {
  // Half get a right length and fingerprint, so that what is behind those checks is reached.
  const mended = bytesLike(soundStun, 120).map((bytes) =>
    bytes.length % 4 === 0 && bytes.length >= 20 ? withFingerprint(bytes) : bytes,
  )
  fc.assert(
    fc.property(fc.oneof(bytesLike(soundStun, 120), mended), (bytes) =>
      readsOrRefuses(() => {
        decodeRequest(bytes)
        isIntegrityRight(bytes, Buffer.from('key'))
        const read = decodeResponse(bytes)
        if (read?.mapped == null) return
        const { mapped, origin = mapped, other, transactionId } = read
        const again = encodeResponse({ transactionId, mapped, origin: origin ?? mapped, other })
        assert.deepEqual(decodeResponse(again), { ...read, origin: origin ?? mapped })
      }, never),
    ),
    { numRuns },
  )
})

test('STUN that was bent by the generator of the acceptance test', () => {
  const random = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
  fc.assert(
    fc.property(random, (stream) => {
      const bytes = bentStun(() => stream.next().value)
      readsOrRefuses(() => [decodeRequest(bytes), decodeResponse(bytes)], never)
    }),
    { numRuns },
  )
})
