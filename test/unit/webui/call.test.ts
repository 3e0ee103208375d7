/** How a page asks the box: what it says of one that begins to answer and does not go on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallFailure, call, callForBlob } from '../../../webui/live/call.ts'

test('a box that does not go on with its answer takes too long, and nothing went wrong in it', async (context) => {
  context.mock.method(globalThis, 'fetch', async (_: string, { signal }: RequestInit) => {
    const body = new ReadableStream({
      start: (stream) => signal?.addEventListener('abort', () => stream.error(signal.reason)),
    })
    return new Response(body)
  })
  // The timer of a timeout does not hold the process.
  const hold = setTimeout(() => {}, 10_000)
  for (const ask of [call, callForBlob]) {
    await assert.rejects(ask('GET', '/status', { timeoutMs: 20 }), (thrown) => {
      assert.ok(thrown instanceof CallFailure)
      assert.deepEqual([thrown.answer.code, thrown.status], ['PAGE_TIMEOUT', 0])
      return true
    })
  }
  clearTimeout(hold)
})
