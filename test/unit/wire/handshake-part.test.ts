/** Handshake messages in parts: whatever the order and however often, they come together, and only whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addPart, type Reassembly, splitHandshake } from '../../../firmware/wire/handshake-part.ts'

/** Adds the parts in turn; returns the messages that came together. */
function feed(parts: readonly Parameters<typeof addPart>[1][], start: Reassembly = null) {
  const messages: Buffer[] = []
  let state = start
  for (const part of parts) {
    const step = addPart(state, part)
    state = step.state
    if (step.message !== null) messages.push(step.message)
  }
  return { state, messages }
}

test('a message of up to 4,000 bytes comes together from its parts in any order, with doubles', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 4_000 }),
      fc.array(fc.nat(3), { maxLength: 12 }),
      (message, order) => {
        const parts = splitHandshake(9, message)
        assert.ok(parts.every(({ data }) => data.length >= 1 && data.length <= 1_000))
        // A prefix in any order, but for one part, which comes last.
        const last = parts.at(-1)!
        const before = order.map((index) => parts[index % parts.length]!).filter((p) => p !== last)
        const { messages } = feed([...before, ...parts.slice(0, -1), last])
        assert.deepEqual(messages, [Buffer.from(message)])
      },
    ),
  )
})

test('parts of two messages are never mixed', () => {
  const one = splitHandshake(1, Buffer.alloc(1_500, 1))
  const two = splitHandshake(2, Buffer.alloc(1_500, 2))
  const { messages } = feed([one[0]!, two[1]!, one[1]!, two[0]!])
  assert.deepEqual(messages, [])
  assert.deepEqual(feed([one[0]!, ...two]).messages, [Buffer.alloc(1_500, 2)])
  const longer = splitHandshake(1, Buffer.alloc(2_500, 3))
  assert.deepEqual(feed([one[0]!, longer[1]!, longer[2]!]).messages, [])
})

test('nothing and more than four parts cannot be sent', () => {
  assert.throws(() => splitHandshake(1, Buffer.alloc(0)), { code: 'WIRE_INVALID' })
  assert.throws(() => splitHandshake(1, Buffer.alloc(4_001)), { code: 'WIRE_INVALID' })
})
